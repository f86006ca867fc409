change_set "ship" {
  description = "What is killed half-way."

  migration "main" {
    database = database.main
    timeout  = "1m"
  }

  rollback {
    keep_schema = false
  }
}
