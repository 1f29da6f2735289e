"""Which certificates endpoints must have: those of public authorities, or of SSL_CERT_FILE and SSL_CERT_DIR."""

import ssl

import httpx


def tls_context() -> ssl.SSLContext:
    """A context that checks certificate and host name; takes some milliseconds to make."""
    return httpx.create_ssl_context()
