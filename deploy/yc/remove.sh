#!/usr/bin/env bash
# remove.sh [--with-data]: takes out of the cloud what deploy.sh has put there, by the same names.
# The database stays unless --with-data is given. May be run again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/yc/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/yc/cloud.sh
source "$here/cloud.sh"
# shellcheck source=deploy/yc/queue.sh
source "$here/queue.sh"

main() {
  case "${1:-}" in
    '' | --with-data) ;;
    *)
      say "remove.sh [--with-data]"
      exit 2
      ;;
  esac
  local trigger
  for trigger in "$NAME-timer" "$LIVE_QUEUE" "$JOBS_QUEUE"; do remove "$trigger" serverless trigger; done
  remove "$NAME" serverless api-gateway
  remove "$NAME" serverless function
  remove_queues
  remove "$NAME" logging group
  if [ "${1:-}" = --with-data ]; then remove "$NAME" ydb database; fi
  remove_account "$CALLER"
  remove_account "$NAME"
}

# remove <name> <kind …>
remove() {
  local name=$1 id
  shift
  id=$(id_of "$name" "$@")
  if [ -z "$id" ]; then return; fi
  cloud "$@" delete --id "$id" >/dev/null
  say "removed  $* $name"
}

remove_queues() {
  local name url secret_id account
  secret_id=$(id_of "$KEY_SECRET" lockbox secret)
  if [ -z "$secret_id" ]; then return; fi
  use_queue_key "$secret_id"
  # Deleting a queue takes ymq.admin (documented); remove_account takes the role back.
  account=$(id_of "$NAME" iam service-account)
  if [ -n "$account" ]; then grant ymq.admin "$account" resource-manager folder "$FOLDER_ID"; fi
  for name in "$LIVE_QUEUE" "$JOBS_QUEUE" "$DEAD_JOBS_QUEUE"; do
    url=$(queue_url "$name")
    if [ -z "$url" ]; then continue; fi
    sqs delete-queue --queue-url "$url" >/dev/null
    say "removed  queue $name"
  done
  remove "$KEY_SECRET" lockbox secret
}

# remove_account <name>: its roles on the folder and its keys first: nothing says that they go with it.
remove_account() {
  local name=$1 account role key
  account=$(id_of "$name" iam service-account)
  if [ -z "$account" ]; then return; fi
  # The first two: deploy.sh gave them on the folder before 2026-11-30.
  for role in api-gateway.websocketWriter api-gateway.websocketBroadcaster ymq.reader ymq.writer ymq.admin; do
    revoke "$role" "$account"
  done
  for key in $(cloud iam access-key list --service-account-id "$account" | json ids); do
    cloud iam access-key delete --id "$key" >/dev/null
  done
  remove "$name" iam service-account
}

revoke() {
  local role=$1 account=$2 folder=(resource-manager folder)
  if [ "$(bound "$role" "$account" "${folder[@]}" "$FOLDER_ID")" != yes ]; then return; fi
  cloud "${folder[@]}" remove-access-binding --id "$FOLDER_ID" --role "$role" --service-account-id "$account" >/dev/null
  say "revoked  $role"
}

main "$@"
