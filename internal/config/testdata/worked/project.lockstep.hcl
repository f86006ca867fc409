lockstep {
  required_version = "~> 0.1"

  required_tools {
    terraform = ">= 1.5"
  }

  journal "file" {
    path = ".lockstep"
  }
}

variable "orders_url" {
  type        = string
  description = "Connection URL of the orders database (owner role)."
  sensitive   = true
}

variable "api_url" {
  type = string

  validation {
    condition     = startswith(var.api_url, "https://") || lockstep.environment == "dev"
    error_message = "api_url must use https outside of dev."
  }
}

locals {
  service = "orders-api"
}

database "orders" {
  driver            = "postgres"
  url               = var.orders_url
  migrations        = "migrations/orders"
  lock_timeout      = "3s"
  statement_timeout = "15m"
}
