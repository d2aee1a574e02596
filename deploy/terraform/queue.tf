# The queue takes static keys instead of tokens. The function reads its key from Lockbox; the state of Terraform holds
# it, too, because queues are made with it.
resource "yandex_iam_service_account_static_access_key" "queue" {
  count = local.uses_queues ? 1 : 0

  service_account_id = yandex_iam_service_account.app.id
  description        = "${var.name}-queue-key"
}

resource "yandex_lockbox_secret" "queue_key" {
  count = local.uses_queues ? 1 : 0

  name      = "${var.name}-queue-key"
  folder_id = var.folder_id
}

resource "yandex_lockbox_secret_version" "queue_key" {
  count = local.uses_queues ? 1 : 0

  secret_id = yandex_lockbox_secret.queue_key[0].id

  entries {
    key        = "access_key_id"
    text_value = yandex_iam_service_account_static_access_key.queue[0].access_key
  }

  entries {
    key        = "secret_access_key"
    text_value = yandex_iam_service_account_static_access_key.queue[0].secret_key
  }
}

resource "yandex_lockbox_secret_iam_member" "queue_key" {
  count = local.uses_queues ? 1 : 0

  secret_id = yandex_lockbox_secret.queue_key[0].id
  role      = "lockbox.payloadViewer"
  member    = local.account
}

locals {
  # Variables of the function, by the entries of the secret.
  key_entries = {
    YC_BROADCAST_QUEUE_ACCESS_KEY_ID     = "access_key_id"
    YC_BROADCAST_QUEUE_SECRET_ACCESS_KEY = "secret_access_key"
  }
}

# Roles for queues are the folder's; there is no role on a single queue.
resource "yandex_resourcemanager_folder_iam_member" "queue_writer" {
  count = local.uses_queues ? 1 : 0

  folder_id = var.folder_id
  role      = "ymq.writer"
  member    = local.account
}

resource "yandex_resourcemanager_folder_iam_member" "queue_reader" {
  count = local.uses_queues ? 1 : 0

  folder_id = var.folder_id
  role      = "ymq.reader"
  member    = local.caller
}

resource "yandex_message_queue" "dead_jobs" {
  count = var.queue ? 1 : 0

  name       = "${var.name}-dead-jobs"
  access_key = yandex_iam_service_account_static_access_key.queue[0].access_key
  secret_key = yandex_iam_service_account_static_access_key.queue[0].secret_key

  depends_on = [yandex_resourcemanager_folder_iam_member.queue_writer]
}

# What a worker takes is hidden for as long as a call may last, and is set aside when three calls have failed at it.
resource "yandex_message_queue" "jobs" {
  count = var.queue ? 1 : 0

  name                       = "${var.name}-jobs"
  visibility_timeout_seconds = var.timeout_seconds + 30
  redrive_policy = jsonencode({
    deadLetterTargetArn = yandex_message_queue.dead_jobs[0].arn
    maxReceiveCount     = 3
  })
  access_key = yandex_iam_service_account_static_access_key.queue[0].access_key
  secret_key = yandex_iam_service_account_static_access_key.queue[0].secret_key
}

# One job a call: what one instance cannot do at once, several do.
resource "yandex_function_trigger" "jobs" {
  count = var.queue ? 1 : 0

  name      = "${var.name}-jobs"
  folder_id = var.folder_id

  message_queue {
    queue_id           = yandex_message_queue.jobs[0].arn
    service_account_id = yandex_iam_service_account.caller.id
    batch_size         = "1"
    batch_cutoff       = "1"
  }

  function {
    id                 = yandex_function.app.id
    service_account_id = yandex_iam_service_account.caller.id
  }

  depends_on = [
    yandex_function_iam_member.invoker,
    yandex_resourcemanager_folder_iam_member.queue_reader,
  ]
}
