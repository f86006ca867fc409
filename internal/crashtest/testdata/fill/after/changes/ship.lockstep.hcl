change_set "ship" {
  description = "Adds one to each row, which is wrong twice."

  backfill "n" {
    database = database.main
    table    = "orders"
    key      = "id"
    batch    = 50
    # However slow the machine is: no batch is split.
    batch_duration = "1m"
    update         = "UPDATE orders SET n = n + 1 WHERE id BETWEEN :from AND :to"
    remaining      = "SELECT count(*) FROM orders WHERE n = 0"
  }
}
