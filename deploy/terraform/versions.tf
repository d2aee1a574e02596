terraform {
  required_version = ">= 1.5"

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = ">= 0.222.0" # 0.221 brought yandex_serverless_triggers, 0.222 mends a panic of yandex_function
    }
    archive = {
      source = "hashicorp/archive"
    }
  }
}
