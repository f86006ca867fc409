lockstep {
  required_tools {
    terraform = ">= 1.5"
    tofu      = ">= 1.6"
  }
}

variable "database_url" {
  type        = string
  description = "Connection URL of the shop's database."
  sensitive   = true
}

variable "listen" {
  type        = string
  description = "Address that the shop serves on."
}

variable "size" {
  type    = string
  default = "small"
  validation {
    condition     = contains(["small", "large"], var.size)
    error_message = "size must be small or large."
  }
}
