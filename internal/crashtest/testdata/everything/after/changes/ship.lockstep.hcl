change_set "ship" {
  description = "Everything at once, to be killed everywhere."

  terraform "platform" {
    source = "./infra"
    inputs = { marks = var.marks }
  }

  migration "main" {
    database = database.main
  }

  artifact "file" "app" {
    path = "app.txt"
  }

  deployment "directory" "app" {
    artifact        = artifact.file.app
    path            = "app"
    restart_command = ["bin/restart"]
    stop_command    = ["bin/stop"]
    environment_variables = {
      QUEUE = terraform.platform.outputs.queue
    }
  }

  check "sql" "effects" {
    database = database.main
    query    = "SELECT count(*) AS effects FROM effects"
    interval = "50ms"
    assert {
      condition     = self.rows[0].effects >= 4
      error_message = "only ${self.rows[0].effects} effects"
    }
  }

  phase "verify" {
    postconditions = [check.sql.effects]
  }

  rollback {
    keep_schema = false
  }
}
