# shellcheck shell=bash
# Message Queue. It takes static keys instead of tokens, and yc has no commands for it: the AWS CLI has (documented).

# ensure_queue_key <account id>: the id of the secret that holds the account's key, which is made if there is none.
ensure_queue_key() {
  local account=$1 key id
  id=$(id_of "$KEY_SECRET" lockbox secret)
  if [ -z "$id" ]; then
    # The secret half is told once, so it goes from here to there without being seen.
    key=$(cloud iam access-key create --service-account-id "$account" --description "$KEY_SECRET")
    id=$(json secret <<<"$key" | cloud lockbox secret create --name "$KEY_SECRET" --payload - | json field id)
    say "created  lockbox secret $KEY_SECRET"
  fi
  printf '%s\n' "$id"
}

# use_queue_key <secret id>: shows the key to the AWS CLI.
use_queue_key() {
  AWS_ACCESS_KEY_ID=$(yc lockbox payload get --id "$1" --key access_key_id)
  AWS_SECRET_ACCESS_KEY=$(yc lockbox payload get --id "$1" --key secret_access_key)
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

sqs() { aws sqs "$@" --endpoint-url "$QUEUE_ENDPOINT" --region "$QUEUE_REGION" --output json; }

queue_arn() { printf 'yrn:yc:ymq:%s:%s:%s\n' "$QUEUE_REGION" "$FOLDER_ID" "$1"; }

# queue_url <name>: its address, or nothing.
queue_url() {
  sqs list-queues --queue-name-prefix "$1" | json queue "$1"
}

# ensure_queue <name> [attributes as JSON]: prints its address. The attributes are those of a new queue: changing them takes
# the role ymq.admin (documented), which the key's account does not have.
ensure_queue() {
  local name=$1 attributes=${2:-} url
  url=$(queue_url "$name")
  if [ -z "$url" ]; then
    url=$(sqs create-queue --queue-name "$name" ${attributes:+--attributes "$attributes"} | json field QueueUrl)
    say "created  queue $name"
  else
    say "kept     queue $name"
  fi
  printf '%s\n' "$url"
}

# What a worker takes is hidden for as long as a call may last, and is set aside when three calls have failed at it.
job_attributes() {
  local redrive
  redrive="{\\\"deadLetterTargetArn\\\":\\\"$(queue_arn "$DEAD_JOBS_QUEUE")\\\",\\\"maxReceiveCount\\\":3}"
  printf '{"VisibilityTimeout":"%s","RedrivePolicy":"%s"}\n' "$((TIMEOUT_SECONDS + 30))" "$redrive"
}
