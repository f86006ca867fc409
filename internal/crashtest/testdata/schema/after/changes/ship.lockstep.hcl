change_set "ship" {
  description = "Every kind of migration, to be disturbed at every message."

  migration "main" {
    database = database.main
    timeout  = "20s"
  }

  rollback {
    keep_schema = false
  }
}
