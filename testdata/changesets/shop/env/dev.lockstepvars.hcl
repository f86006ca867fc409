database_url = "sqlite://run/dev/shop.db"
listen       = "127.0.0.1:47081"
size         = "small"
