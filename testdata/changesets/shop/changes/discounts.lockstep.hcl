change_set "discounts" {
  description = "Discounts, in a version that does not get ready."
  owner       = "team:shop"
  depends_on  = [change_set.order_status]

  migration "shop" {
    database = database.shop
    version  = 6
  }

  artifact "file" "shop" {
    path = "build/3.0.0/shop"
  }

  deployment "directory" "shop" {
    artifact        = artifact.file.shop
    path            = "run/${lockstep.environment}/app"
    restart_command = ["bin/restart"]
    stop_command    = ["bin/stop"]
    environment_variables = {
      SHOP_LISTEN   = var.listen
      SHOP_DATABASE = var.database_url
    }
  }

  check "http" "ready" {
    url               = "http://${var.listen}/readyz"
    interval          = "200ms"
    timeout           = "2s"
    failure_threshold = 10
    assert {
      condition     = self.status_code == 200
      error_message = "the shop is not ready: HTTP ${self.status_code} ${self.body}"
    }
  }

  phase "verify" {
    postconditions = [check.http.ready]
  }
}
