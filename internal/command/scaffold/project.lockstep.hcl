lockstep {
  required_version = ">= 0.1"
}

database "main" {
  driver     = "sqlite"
  url        = "sqlite://data/${lockstep.environment}.db"
  migrations = "migrations"
}

environment "dev" {}

environment "production" {
  depends_on = [environment.dev]
  protected  = true
}
