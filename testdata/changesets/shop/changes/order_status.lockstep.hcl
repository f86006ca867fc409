change_set "order_status" {
  description = "orders.status (a number) replaces orders.state (a text), behind a cache."
  owner       = "team:orders"
  links       = ["https://example.com/shop/issues/4127"]
  depends_on  = [change_set.first_shop]

  terraform "platform" {
    source          = "./infra"
    inputs          = { name = "shop-${lockstep.environment}", size = var.size, cache = true }
    allowed_actions = ["create", "update"]
  }

  migration "shop" {
    database = database.shop
    version  = 5
  }

  artifact "file" "shop" {
    path = "build/2.0.0/shop"
  }

  deployment "directory" "shop" {
    artifact        = artifact.file.shop
    path            = "run/${lockstep.environment}/app"
    restart_command = ["bin/restart"]
    stop_command    = ["bin/stop"]
    environment_variables = {
      SHOP_LISTEN   = var.listen
      SHOP_DATABASE = var.database_url
      SHOP_QUEUE    = terraform.platform.outputs.queue
      SHOP_CACHE    = terraform.platform.outputs.cache
    }
  }

  check "http" "ready" {
    url               = "http://${var.listen}/readyz"
    interval          = "200ms"
    timeout           = "2s"
    success_threshold = 2
    failure_threshold = 20 # the service may take a moment to start
    assert {
      condition     = self.status_code == 200
      error_message = "the shop is not ready: HTTP ${self.status_code}"
    }
  }

  check "sql" "status_filled" {
    database = database.shop
    query    = "SELECT count(*) AS missing FROM orders WHERE status IS NULL"
    assert {
      condition     = self.rows[0].missing == 0
      error_message = "${self.rows[0].missing} orders have no status yet."
    }
  }

  phase "verify" {
    postconditions = [check.http.ready]
    bake_time      = "1s"
  }

  phase "contract" {
    preconditions = [check.sql.status_filled]
  }
}
