"""TLS on both ports: the files it needs, what the server makes of them, and how our own commands trust it."""
