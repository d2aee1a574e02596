resource "yandex_iam_service_account" "app" {
  name      = var.name
  folder_id = var.folder_id
}

locals {
  account     = "serviceAccount:${yandex_iam_service_account.app.id}"
  uses_queues = var.queue || var.broadcast_path != null

  # What has no narrower place. The others are given on the function, the database and the secret.
  folder_roles = concat(
    ["api-gateway.websocketWriter"],
    local.uses_queues ? ["ymq.reader", "ymq.writer"] : [],
    var.broadcast_path == null ? [] : ["api-gateway.websocketBroadcaster"],
  )
}

resource "yandex_resourcemanager_folder_iam_member" "app" {
  for_each = toset(local.folder_roles)

  folder_id = var.folder_id
  role      = each.key
  member    = local.account
}

resource "yandex_logging_group" "app" {
  name      = var.name
  folder_id = var.folder_id
}
