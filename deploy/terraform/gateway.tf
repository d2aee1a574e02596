resource "yandex_api_gateway" "app" {
  name      = var.name
  folder_id = var.folder_id
  spec      = var.gateway_spec

  variables = {
    function_id        = yandex_function.app.id
    service_account_id = yandex_iam_service_account.caller.id
  }

  log_options {
    log_group_id = yandex_logging_group.app.id
  }

  depends_on = [yandex_function_iam_member.invoker]
}

resource "yandex_api_gateway_iam_member" "writer" {
  api_gateway_id = yandex_api_gateway.app.id
  role           = "api-gateway.websocketWriter"
  member         = local.account
}
