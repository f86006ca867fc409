variable "database_url" {
  type      = string
  sensitive = true
}

environment "dev" {}

database "main" {
  driver       = "postgres"
  url          = var.database_url
  migrations   = "migrations"
  lock_timeout = "1s"
}
