change_set "hello" {
  description = "A first table and a first release."

  migration "main" {
    database = database.main
    version  = 1
  }

  artifact "file" "site" {
    path = "app/index.html"
  }

  deployment "directory" "site" {
    artifact = artifact.file.site
    path     = "deployed/${lockstep.environment}"
  }

  check "sql" "table_is_there" {
    database = database.main
    query    = "SELECT count(*) AS greetings FROM greetings"
    assert {
      condition     = self.rows[0].greetings >= 0
      error_message = "the table greetings is not there"
    }
  }

  phase "verify" {
    postconditions = [check.sql.table_is_there]
  }
}
