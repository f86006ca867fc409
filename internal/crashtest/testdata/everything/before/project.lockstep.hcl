variable "database_url" {
  type      = string
  sensitive = true
}

variable "marks" {
  type        = string
  description = "File in which Terraform's provisioners count what they did."
}

environment "dev" {}

database "main" {
  driver     = "postgres"
  url        = var.database_url
  migrations = "migrations"
}
