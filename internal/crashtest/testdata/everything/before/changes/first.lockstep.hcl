change_set "first" {
  description = "What runs before: the way back leads here."

  terraform "platform" {
    source = "./infra"
    inputs = { marks = var.marks }
  }

  migration "main" {
    database = database.main
    version  = 1
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
}
