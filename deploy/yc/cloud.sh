# shellcheck shell=bash
# Asking the cloud: what deploy.sh, queue.sh and remove.sh are written in.

# Without it, a failure inside $(…) goes unnoticed.
shopt -s inherit_errexit 2>/dev/null || {
  echo "bash 4.4 or newer is needed; on macOS: brew install bash" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "deploy: $*"
  exit 1
}

# cloud <command …>: yc in the folder, answering in JSON.
cloud() { yc "$@" --folder-id "$FOLDER_ID" --format json; }

# json <question> [arguments]: see json.mjs.
json() { node "$(dirname "${BASH_SOURCE[0]}")/json.mjs" "$@"; }

# id_of <name> <kind …>: the id of what has this name, or nothing. By the list, since "get" fails for any reason alike.
id_of() {
  local name=$1
  shift
  cloud "$@" list | json id "$name"
}

# ensure <name> <kind …> -- <options …>: the id of what has this name. What is not there is created with the options.
ensure() {
  local name=$1 kind=() id
  shift
  while [ "$1" != -- ]; do
    kind+=("$1")
    shift
  done
  shift
  id=$(id_of "$name" "${kind[@]}")
  if [ -n "$id" ]; then
    say "kept     ${kind[*]} $name"
  else
    id=$(cloud "${kind[@]}" create "$@" --name "$name" | json field id)
    say "created  ${kind[*]} $name"
  fi
  printf '%s\n' "$id"
}

# grant <role> <account id> <kind …> <id>: gives the account the role on that, once.
grant() {
  local role=$1 account=$2 kind=("${@:3:$#-3}") id=${*: -1}
  if [ "$(bound "$role" "$account" "${kind[@]}" "$id")" = yes ]; then return; fi
  cloud "${kind[@]}" add-access-binding --id "$id" --role "$role" --service-account-id "$account" >/dev/null
  say "granted  $role on ${kind[*]}"
}

# bound <role> <account id> <kind …> <id>: yes, if it has it.
bound() {
  cloud "${@:3:$#-3}" list-access-bindings --id "${*: -1}" | json bound "$1" "$2"
}
