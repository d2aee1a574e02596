output "url" {
  description = "Where clients connect."
  value       = "wss://${yandex_api_gateway.app.domain}${var.websocket_path}"
}

output "document_api_endpoint" {
  description = "For yc-broadcast store create --store ydb --endpoint, once."
  value       = yandex_ydb_database_serverless.app.document_api_endpoint
}

output "function_id" {
  description = "The function, for its logs."
  value       = yandex_function.app.id
}

output "log_group_id" {
  description = "Where function and gateway write their logs."
  value       = yandex_logging_group.app.id
}

output "service_account_id" {
  description = "What the function runs as: for other functions that broadcast with the same store."
  value       = yandex_iam_service_account.app.id
}

output "queue_url" {
  description = "The queue of jobs."
  value       = var.queue ? yandex_message_queue.jobs[0].id : null
}
