change_set "first" {
  description = "What is there before: the way back leads here."

  migration "main" {
    database = database.main
    version  = 1
  }
}
