resource "terraform_data" "queue" {
  input = "queue"
}

resource "terraform_data" "worker" {
  input = "worker"
  depends_on = [terraform_data.queue]
}

output "queue" {
  value = terraform_data.queue.output
}
