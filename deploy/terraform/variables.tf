variable "name" {
  description = "Of everything that is made."
  type        = string
  default     = "chat"
}

variable "folder_id" {
  description = "The folder that all of it lies in."
  type        = string
}

variable "function_dir" {
  description = "What yc-broadcast bundle has written."
  type        = string
}

variable "gateway_spec" {
  description = "What yc-broadcast spec has printed. Its ids are variables, which the module sets."
  type        = string
}

variable "websocket_path" {
  description = "The path of the specification where clients connect, for the address in the outputs."
  type        = string
  default     = "/ws"
}

variable "origins" {
  description = "Pages that may connect."
  type        = list(string)
}

variable "environment" {
  description = "More variables for the function, for all to read who may view it. Secrets belong into secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables that the function reads from Lockbox: the secret's id, the version's id and the entry's key."
  type = map(object({
    id         = string
    version_id = string
    key        = string
  }))
  default = {}
}

variable "memory_mb" {
  description = "Of an instance, a multiple of 128. More than 256 makes a large broadcast dearer, not faster."
  type        = number
  default     = 256
}

variable "timeout_seconds" {
  description = "How long a call may last, 600 at most."
  type        = number
  default     = 60
}

variable "concurrency" {
  description = "Calls that one instance works on at the same time, 16 at most."
  type        = number
  default     = 4
}

variable "zone_limits" {
  description = "Most instances and calls in one zone. Without it the quotas of the cloud are the limit."
  type = object({
    instances = number
    requests  = number
  })
  default = null
}

variable "ydb_throttling_ru" {
  description = "Request units a second that the database may use. A new one has 10 unless told otherwise."
  type        = number
  default     = 100
}

variable "queue" {
  description = "Whether broadcasts of dispatch() go over a queue."
  type        = bool
  default     = false
}

variable "broadcast_path" {
  description = "A path of the specification: messages of a queue then go to everybody who is connected there."
  type        = string
  default     = null
}

variable "broadcast_jq" {
  description = "What of the trigger's event is sent there, in jq. Without it all of the event is sent."
  type        = string
  default     = null
}

variable "timer" {
  description = "When to call the function, for example 0 9 * * ? * for every day at nine, UTC."
  type        = string
  default     = null
}
