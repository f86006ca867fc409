database "shop" {
  driver       = "postgres"
  url          = var.database_url
  migrations   = "migrations"
  lock_timeout = "2s"
}
