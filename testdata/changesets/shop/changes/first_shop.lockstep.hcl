change_set "first_shop" {
  description = "The shop goes live: infrastructure, schema, service."
  owner       = "team:shop"

  terraform "platform" {
    source          = "./infra"
    inputs          = { name = "shop-${lockstep.environment}", size = var.size, cache = false }
    allowed_actions = ["create", "update"]
  }

  migration "shop" {
    database = database.shop
    version  = 2
  }

  artifact "file" "shop" {
    path = "build/1.0.0/shop"
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
    }
    depends_on = [migration.shop]
  }

  check "http" "ready" {
    url               = "http://${var.listen}/readyz"
    interval          = "200ms"
    timeout           = "2s"
    failure_threshold = 20 # the service may take a moment to start
    assert {
      condition     = self.status_code == 200
      error_message = "the shop is not ready: HTTP ${self.status_code}"
    }
  }

  phase "verify" {
    postconditions = [check.http.ready]
  }
}
