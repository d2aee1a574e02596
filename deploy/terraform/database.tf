resource "yandex_ydb_database_serverless" "app" {
  name      = var.name
  folder_id = var.folder_id

  serverless_database {
    enable_throttling_rcu_limit = true
    throttling_rcu_limit        = var.ydb_throttling_ru
  }
}

resource "yandex_ydb_database_iam_binding" "editor" {
  database_id = yandex_ydb_database_serverless.app.id
  role        = "ydb.editor"
  members     = [local.account]
}
