change_set "ship" {
  description = "Rows are counted up in batches: twice is refused by the table, never is counted at the end."

  migration "main" {
    database = database.main
  }

  backfill "counts" {
    database       = database.main
    table          = "items"
    key            = "id"
    update         = "UPDATE items SET n = n + 1 WHERE id BETWEEN :from AND :to"
    remaining      = "SELECT count(*) FROM items WHERE n <> 1"
    batch          = 25
    batch_duration = "1m"
  }

  rollback {
    keep_schema = false
  }
}
