terraform {
  required_version = ">= 1.5"

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = ">= 0.221.0" # yandex_serverless_triggers came with it
    }
    archive = {
      source = "hashicorp/archive"
    }
  }
}
