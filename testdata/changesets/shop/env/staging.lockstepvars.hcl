database_url = "sqlite://run/staging/shop.db"
listen       = "127.0.0.1:47082"
size         = "small"
