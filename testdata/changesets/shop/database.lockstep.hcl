database "shop" {
  driver     = "sqlite"
  url        = var.database_url
  migrations = "migrations"
}
