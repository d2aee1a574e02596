data "archive_file" "function" {
  type        = "zip"
  source_dir  = var.function_dir
  output_path = "${path.root}/.terraform/${var.name}.zip"
}

locals {
  environment = merge(
    {
      ORIGINS                   = join(" ", var.origins)
      YC_BROADCAST_YDB_ENDPOINT = yandex_ydb_database_serverless.app.document_api_endpoint
    },
    var.queue ? { YC_BROADCAST_QUEUE_URL = yandex_message_queue.jobs[0].id } : {},
    var.broadcast_path == null ? {} : { YC_BROADCAST_QUEUE_URL_LIVE = yandex_message_queue.live[0].id },
    var.environment,
  )
}

resource "yandex_function" "app" {
  name               = var.name
  folder_id          = var.folder_id
  user_hash          = data.archive_file.function.output_base64sha256
  runtime            = "nodejs22"
  entrypoint         = "index.handler"
  memory             = var.memory_mb
  execution_timeout  = var.timeout_seconds
  concurrency        = var.concurrency
  service_account_id = yandex_iam_service_account.app.id
  environment        = local.environment

  content {
    zip_filename = data.archive_file.function.output_path
  }

  log_options {
    log_group_id = yandex_logging_group.app.id
  }

  dynamic "secrets" {
    for_each = local.uses_queues ? local.key_entries : {}
    content {
      id                   = yandex_lockbox_secret.queue_key[0].id
      version_id           = yandex_lockbox_secret_version.queue_key[0].id
      key                  = secrets.value
      environment_variable = secrets.key
    }
  }

  dynamic "secrets" {
    for_each = var.secrets
    content {
      id                   = secrets.value.id
      version_id           = secrets.value.version_id
      key                  = secrets.value.key
      environment_variable = secrets.key
    }
  }

  depends_on = [
    yandex_lockbox_secret_iam_member.app,
    yandex_lockbox_secret_iam_member.queue_key,
  ]
}

# Of the secrets that var.secrets names, each once.
resource "yandex_lockbox_secret_iam_member" "app" {
  for_each = toset([for secret in var.secrets : secret.id])

  secret_id = each.key
  role      = "lockbox.payloadViewer"
  member    = local.account
}

# A member, not a binding: a binding takes the role from every other account.
resource "yandex_function_iam_member" "invoker" {
  function_id = yandex_function.app.id
  role        = "functions.functionInvoker"
  member      = local.caller
}

resource "yandex_function_scaling_policy" "app" {
  count = var.zone_limits == null ? 0 : 1

  function_id = yandex_function.app.id

  policy {
    tag                  = "$latest"
    zone_instances_limit = var.zone_limits.instances
    zone_requests_limit  = var.zone_limits.requests
  }
}

resource "yandex_function_trigger" "timer" {
  count = var.timer == null ? 0 : 1

  name      = "${var.name}-timer"
  folder_id = var.folder_id

  timer {
    cron_expression = var.timer
  }

  function {
    id                 = yandex_function.app.id
    service_account_id = yandex_iam_service_account.caller.id
  }

  depends_on = [yandex_function_iam_member.invoker]
}
