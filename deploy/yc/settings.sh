# shellcheck shell=bash disable=SC2034
# What deploy.sh and remove.sh agree on. Set in the environment what should be different.

NAME=${NAME:-chat}                        # of everything that is made
FOLDER_ID=${FOLDER_ID:-$(yc config get folder-id)}
YC_BROADCAST=${YC_BROADCAST:-npx yc-broadcast}

EXTERNAL=${EXTERNAL:-}                    # packages that the function never needs: 'pg ioredis'
ENTRYPOINT=${ENTRYPOINT:-index.handler}
MEMORY=${MEMORY:-256MB}                   # docs/cost.md: more makes a large broadcast dearer, not faster
TIMEOUT_SECONDS=${TIMEOUT_SECONDS:-60}    # 600 at most
CONCURRENCY=${CONCURRENCY:-4}             # calls that one instance works on at the same time, 16 at most
ORIGINS=${ORIGINS:-}                      # pages that may connect, with spaces between them
VARIABLES=${VARIABLES:-}                  # more for the function's environment: 'A=1 B=2'
SECRETS=${SECRETS:-}                      # variables from Lockbox: 'NOTIFY_SECRET=<secret id>/<key>'
WS_PATH=${WS_PATH:-/ws}                   # where clients connect
HTTP_PATHS=${HTTP_PATHS:-}                # plain HTTP paths of the same function: '/notify /health'
YDB_RU=${YDB_RU:-100}                     # throttling limit of the database, in RU/s; a new one has 10

QUEUE=${QUEUE:-no}                        # yes: broadcasts of dispatch() go over a queue
BROADCAST_PATH=${BROADCAST_PATH:-}        # /ws: a queue whose messages go to everybody on that path
TIMER=${TIMER:-}                          # '0 9 * * ? *': calls the function every day at nine, UTC

QUEUE_ENDPOINT=${QUEUE_ENDPOINT:-https://message-queue.api.cloud.yandex.net/}
QUEUE_REGION=ru-central1
JOBS_QUEUE=$NAME-jobs
DEAD_JOBS_QUEUE=$NAME-dead-jobs
LIVE_QUEUE=$NAME-live
KEY_SECRET=$NAME-queue-key
CALLER=$NAME-caller                       # what gateway and triggers run as; the function runs as $NAME
