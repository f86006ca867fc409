lockstep {
  required_version = "newest"
}

variable "token" {
  sensitive = true
  default   = "hunter2"
}

database "orders" {
  driver       = "postgress"
  url          = "postgres://owner:hunter2@db/orders"
  migrations   = "../migrations"
  lock_timeout = "5"
}

notify "slack" "releases" {
}

change_set "order_status" {
  descripton = "typo"
  owner      = "team:${var.token}"

  migration "orders" {
    database = database.ordesr
  }

  artifact "oci" "api" {
  }

  terraform "cache" {
    source    = "infra"
    workspace = var.token
    inputs    = { at = timestamp() }
  }

  check "http" "ready" {
    url     = "http://169.254.169.254/latest"
    timeout = "400d"
    assert {
      condition     = slef.status_code == 200
      error_message = "no"
    }
  }

  phase "verfy" {
    postconditions = [check.http.redy]
  }
}
