variable "marks" {
  type = string
}

# Was there before, and changes in place.
resource "terraform_data" "queue" {
  input = { name = "orders-v2" }
}

# The two new ones leave a line in a file when they are made and when they are
# destroyed: what was done twice is seen. (Terraform runs a destroy provisioner
# only while the configuration still has the resource, so it was there before
# with a count of 0.)
resource "terraform_data" "worker" {
  count      = 1
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
  count      = 1
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
