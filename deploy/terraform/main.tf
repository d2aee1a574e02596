# What the function runs as: it sends to connections and uses the store and the queues.
resource "yandex_iam_service_account" "app" {
  name      = var.name
  folder_id = var.folder_id
}

# What the gateway and the triggers run as: it calls the function and takes messages from the queues.
resource "yandex_iam_service_account" "caller" {
  name      = "${var.name}-caller"
  folder_id = var.folder_id
}

locals {
  account     = "serviceAccount:${yandex_iam_service_account.app.id}"
  caller      = "serviceAccount:${yandex_iam_service_account.caller.id}"
  uses_queues = var.queue || var.broadcast_path != null
}

resource "yandex_logging_group" "app" {
  name      = var.name
  folder_id = var.folder_id
}
