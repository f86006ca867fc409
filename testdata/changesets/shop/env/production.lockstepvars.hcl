database_url = "sqlite://run/production/shop.db"
listen       = "127.0.0.1:47083"
size         = "large"
