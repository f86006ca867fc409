change_set "order_status" {
  description = "Replace orders.state (text) by orders.status_id, served from a cache."
  owner       = "team:orders"
  links       = ["https://github.com/acme/shop/issues/4127", "jira:SHOP-4127"]

  # --- what changes
  terraform "cache" {
    source          = "./infra/cache"
    inputs          = { name = local.service, size = lockstep.environment == "production" ? "large" : "small" }
    allowed_actions = ["create", "update"]
  }

  migration "orders" {
    database = database.orders
    version  = 20261109090000
  }

  artifact "file" "api" {
    path   = "build/orders-api.tar.gz"
    digest = "sha256:4f0c1e6d2a5b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f"
  }

  deployment "exec" "api" {
    artifact = artifact.file.api
    command  = ["./bin/deploy-api"]
    timeout  = "10m"

    environment_variables = {
      IMAGE     = artifact.file.api.pinned
      CACHE_URL = terraform.cache.outputs.url
    }
  }

  backfill "status_id" {
    database  = database.orders
    table     = "orders"
    key       = "id"
    batch     = 5000
    update    = "UPDATE orders SET status_id = s.id FROM order_statuses s WHERE s.name = orders.state AND orders.id BETWEEN :from AND :to"
    remaining = "SELECT count(*) FROM orders WHERE status_id IS NULL"
  }

  # --- how we know that it works
  check "http" "api_ready" {
    url               = "${var.api_url}/readyz"
    interval          = "5s"
    success_threshold = 3

    assert {
      condition     = self.status_code == 200
      error_message = "orders-api is not ready: HTTP ${self.status_code}"
    }
  }

  check "sql" "backfill_done" {
    database = database.orders
    query    = "SELECT count(*) AS missing FROM orders WHERE status_id IS NULL"

    assert {
      condition     = self.rows[0].missing == 0
      error_message = "${self.rows[0].missing} orders have no status_id yet."
    }
  }

  # --- how it goes out
  phase "verify" {
    postconditions = [check.http.api_ready]
    bake_time      = "10m"
  }

  phase "contract" {
    preconditions = [check.sql.backfill_done]
  }

  rollback {
    on_failure  = "auto"
    keep_schema = true
  }
}
