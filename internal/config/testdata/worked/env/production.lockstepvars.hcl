api_url = "https://api.example.com"
