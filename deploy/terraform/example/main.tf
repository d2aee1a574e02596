# The chat of examples/chat. In the folder of this repository:
#
#   npx yc-broadcast bundle examples/chat/handler.ts
#   npx yc-broadcast spec --function-id set-by-terraform --service-account-id set-by-terraform > gateway.yaml
#   export YC_TOKEN=$(yc iam create-token)
#   terraform -chdir=deploy/terraform/example init
#   terraform -chdir=deploy/terraform/example apply -var folder_id=$(yc config get folder-id)
#   npx yc-broadcast store create --store ydb \
#     --endpoint $(terraform -chdir=deploy/terraform/example output -raw document_api_endpoint)

terraform {
  required_providers {
    yandex = {
      source = "yandex-cloud/yandex"
    }
  }
}

variable "folder_id" {
  type = string
}

provider "yandex" {
  folder_id = var.folder_id
}

module "chat" {
  source = "../"

  name         = "chat"
  folder_id    = var.folder_id
  function_dir = "${path.root}/../../../build"
  gateway_spec = file("${path.root}/../../../gateway.yaml")
  origins      = ["https://chat.example"]
}

output "url" {
  value = module.chat.url
}

output "document_api_endpoint" {
  value = module.chat.document_api_endpoint
}
