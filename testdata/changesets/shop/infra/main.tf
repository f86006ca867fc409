# terraform_data is built into Terraform, so that this example needs no cloud
# and no provider. In real life these are a queue and a cache.
variable "name" { type = string }
variable "size" { type = string }
variable "cache" { type = bool }

resource "terraform_data" "queue" {
  input = "${var.name}-queue-${var.size}"
}

resource "terraform_data" "cache" {
  count = var.cache ? 1 : 0
  input = "${var.name}-cache-${var.size}"
}

output "queue" {
  value = terraform_data.queue.output
}

output "cache" {
  value = one(terraform_data.cache[*].output)
}
