change_set "ship" {
  description = "What many people apply at the same moment."

  migration "main" {
    database = database.main
    timeout  = "2m"
  }

  rollback {
    keep_schema = false
  }
}
