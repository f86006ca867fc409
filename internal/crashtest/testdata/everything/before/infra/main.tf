variable "marks" {
  type = string
}

resource "terraform_data" "queue" {
  input = { name = "orders-v1" }
}

resource "terraform_data" "worker" {
  count      = 0
  input      = { marks = var.marks }
  depends_on = [terraform_data.queue]

  provisioner "local-exec" {
    command     = "sh ${path.module}/mark.sh + worker"
    environment = { MARKS = self.input.marks }
  }
  provisioner "local-exec" {
    when        = destroy
    command     = "sh ${path.module}/mark.sh - worker"
    environment = { MARKS = self.input.marks }
  }
}

resource "terraform_data" "mailer" {
  count      = 0
  input      = { marks = var.marks }
  depends_on = [terraform_data.worker]

  provisioner "local-exec" {
    command     = "sh ${path.module}/mark.sh + mailer"
    environment = { MARKS = self.input.marks }
  }
  provisioner "local-exec" {
    when        = destroy
    command     = "sh ${path.module}/mark.sh - mailer"
    environment = { MARKS = self.input.marks }
  }
}

output "queue" {
  value = terraform_data.queue.output.name
}
