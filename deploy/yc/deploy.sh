#!/usr/bin/env bash
# deploy.sh <handler.ts>: puts a handler into the cloud, with all that it needs, and prints where clients connect.
# May be run again: what is there is kept, the function gets a new version, the gateway a new specification.
# Settings stand in settings.sh; docs/deploy.md explains them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/yc/settings.sh
source "$here/settings.sh"
# shellcheck source=deploy/yc/cloud.sh
source "$here/cloud.sh"
# shellcheck source=deploy/yc/queue.sh
source "$here/queue.sh"

environment=()
secrets=()

main() {
  check_settings "$@"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  bundle "$1"
  trap 'finish $?' EXIT

  account=$(ensure "$NAME" iam service-account --)
  caller=$(ensure "$CALLER" iam service-account --)
  log_group=$(ensure "$NAME" logging group --)
  function=$(ensure "$NAME" serverless function --)
  grant functions.functionInvoker "$caller" serverless function "$function"

  add_database
  if [ "$QUEUE" = yes ] || [ -n "$BROADCAST_PATH" ]; then add_queues; fi
  add_app_secrets
  add_version
  add_gateway
  if [ "$QUEUE" = yes ]; then add_job_trigger; fi
  if [ -n "$BROADCAST_PATH" ]; then add_broadcast_trigger; fi
  if [ -n "$TIMER" ]; then add_timer; fi
  printf 'wss://%s%s\n' "$domain" "$WS_PATH"
}

check_settings() {
  if [ $# -ne 1 ]; then
    say "which handler? deploy.sh src/handler.ts"
    exit 2
  fi
  [ -n "$FOLDER_ID" ] || die "which folder? yc config set folder-id <id>, or FOLDER_ID=<id>"
  [ -n "$ORIGINS" ] || die "which pages may connect? ORIGINS='https://chat.example'"
  case "$ORIGINS$VARIABLES$SECRETS" in
    *,*) die "yc splits variables at commas: put spaces between ORIGINS, and no commas into VARIABLES and SECRETS" ;;
  esac
  local secret
  for secret in $SECRETS; do
    case "$secret" in
      ?*=?*/?*) ;;
      *) die "SECRETS: '$secret' has to be VARIABLE=<id of the Lockbox secret>/<key>" ;;
    esac
  done
}

finish() {
  rm -rf "$work"
  if [ "$1" -ne 0 ]; then say "deploy: the last step failed. Run it again: a new role may need a minute to count"; fi
}

# run <command …>: this library's command line.
run() {
  local command
  read -ra command <<<"$YC_BROADCAST"
  "${command[@]}" "$@"
}

bundle() {
  local name options=()
  for name in $EXTERNAL; do options+=(--external "$name"); done
  run bundle "$1" --out "$work/function" "${options[@]}" >&2
}

add_database() {
  local database endpoint
  database=$(ensure "$NAME" ydb database -- --serverless --sls-enable-throttling-rcu --sls-throttling-rcu "$YDB_RU")
  grant ydb.editor "$account" ydb database "$database"
  endpoint=$(cloud ydb database get --id "$database" | json field document_api_endpoint)
  YC_BROADCAST_YDB_ENDPOINT=$endpoint YC_TOKEN=$(yc iam create-token) run store create --store ydb >&2
  environment+=(--environment "YC_BROADCAST_YDB_ENDPOINT=$endpoint")
}

add_queues() {
  local url secret_id
  grant ymq.reader "$caller" resource-manager folder "$FOLDER_ID"
  grant ymq.writer "$account" resource-manager folder "$FOLDER_ID"
  secret_id=$(ensure_queue_key "$account")
  use_queue_key "$secret_id"
  grant lockbox.payloadViewer "$account" lockbox secret "$secret_id"
  secrets=(
    --secret "environment-variable=YC_BROADCAST_QUEUE_ACCESS_KEY_ID,id=$secret_id,key=access_key_id"
    --secret "environment-variable=YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY,id=$secret_id,key=secret_access_key"
  )
  if [ "$QUEUE" = yes ]; then
    ensure_queue "$DEAD_JOBS_QUEUE" >/dev/null
    url=$(ensure_queue "$JOBS_QUEUE" "$(job_attributes)")
    environment+=(--environment "YC_BROADCAST_QUEUE_URL=$url")
  fi
  if [ -n "$BROADCAST_PATH" ]; then
    url=$(ensure_queue "$LIVE_QUEUE")
    environment+=(--environment "YC_BROADCAST_QUEUE_URL_LIVE=$url")
  fi
}

# The app's own secrets: the runtime reads them from Lockbox, so that they stand in no argument and no version.
add_app_secrets() {
  local secret id
  for secret in $SECRETS; do
    id=${secret#*=} id=${id%%/*}
    grant lockbox.payloadViewer "$account" lockbox secret "$id"
    secrets+=(--secret "environment-variable=${secret%%=*},id=$id,key=${secret#*/}")
  done
}

add_version() {
  local variable
  environment+=(--environment "ORIGINS=$ORIGINS")
  for variable in $VARIABLES; do environment+=(--environment "$variable"); done
  cloud serverless function version create --function-id "$function" --runtime nodejs22 --entrypoint "$ENTRYPOINT" \
    --memory "$MEMORY" --execution-timeout "${TIMEOUT_SECONDS}s" --concurrency "$CONCURRENCY" \
    --service-account-id "$account" --log-group-id "$log_group" --source-path "$work/function" \
    "${environment[@]}" "${secrets[@]}" >/dev/null
  say "created  version of function $NAME"
}

add_gateway() {
  local spec=$work/gateway.yaml paths=(--path "$WS_PATH") path
  for path in $HTTP_PATHS; do paths+=(--http "$path"); done
  run spec --function-id "$function" --service-account-id "$caller" "${paths[@]}" --title "$NAME" >"$spec"
  gateway=$(ensure "$NAME" serverless api-gateway -- --spec "$spec" --log-group-id "$log_group")
  domain=$(cloud serverless api-gateway update --id "$gateway" --spec "$spec" --log-group-id "$log_group" | json field domain)
  grant api-gateway.websocketWriter "$account" serverless api-gateway "$gateway"
}

# One job a call: what one instance cannot do at once, several do.
add_job_trigger() {
  ensure "$JOBS_QUEUE" serverless trigger -- message-queue --queue "$(queue_arn "$JOBS_QUEUE")" \
    --queue-service-account-id "$caller" --batch-size 1 --batch-cutoff 1s \
    --invoke-function-id "$function" --invoke-function-service-account-id "$caller" >/dev/null
}

add_broadcast_trigger() {
  grant api-gateway.websocketBroadcaster "$caller" serverless api-gateway "$gateway"
  ensure "$LIVE_QUEUE" serverless trigger -- message-queue --queue "$(queue_arn "$LIVE_QUEUE")" \
    --queue-service-account-id "$caller" --batch-size 1 --batch-cutoff 1s \
    --gateway-id "$gateway" --gateway-websocket-broadcast-path "$BROADCAST_PATH" \
    --gateway-websocket-broadcast-service-account-id "$caller" >/dev/null
}

add_timer() {
  local trigger
  trigger=$(ensure "$NAME-timer" serverless trigger -- timer --cron-expression "$TIMER" \
    --invoke-function-id "$function" --invoke-function-service-account-id "$caller")
  cloud serverless trigger update timer --id "$trigger" --new-cron-expression "$TIMER" >/dev/null
}

main "$@"
