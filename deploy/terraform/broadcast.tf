# The platform's own broadcast: a message of this queue goes to everybody who is connected at one path. No report, no
# second attempt, and one trigger for each queue.
resource "yandex_message_queue" "live" {
  count = var.broadcast_path == null ? 0 : 1

  name       = "${var.name}-live"
  access_key = yandex_iam_service_account_static_access_key.queue[0].access_key
  secret_key = yandex_iam_service_account_static_access_key.queue[0].secret_key

  depends_on = [yandex_resourcemanager_folder_iam_member.queue_writer]
}

resource "yandex_serverless_triggers" "live" {
  count = var.broadcast_path == null ? 0 : 1

  name      = "${var.name}-live"
  folder_id = var.folder_id

  # Attributes, with "=": this resource has no blocks, although the provider's documentation prints them.
  source = {
    ymq = {
      queue_arn          = yandex_message_queue.live[0].arn
      service_account_id = yandex_iam_service_account.caller.id

      batch_settings = {
        max_count = 1
        cutoff    = "1s"
      }
    }
  }

  action = [{
    gateway_websocket_broadcast = {
      gateway_id         = yandex_api_gateway.app.id
      path               = var.broadcast_path
      service_account_id = yandex_iam_service_account.caller.id
    }

    transformer = var.broadcast_jq == null ? null : { jq = var.broadcast_jq }
  }]

  depends_on = [
    yandex_api_gateway_iam_member.broadcaster,
    yandex_resourcemanager_folder_iam_member.queue_reader,
  ]
}

resource "yandex_api_gateway_iam_member" "broadcaster" {
  count = var.broadcast_path == null ? 0 : 1

  api_gateway_id = yandex_api_gateway.app.id
  role           = "api-gateway.websocketBroadcaster"
  member         = local.caller
}
