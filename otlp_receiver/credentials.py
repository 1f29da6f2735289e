"""Which key a request carries: `Authorization: Bearer`, Basic (as Langfuse's clients), `x-api-key` or `api-key`.

Sources: RFC 6750, section 2.1; RFC 7617.
"""

import base64
import binascii
from collections.abc import Mapping

KEY_HEADERS = ("x-api-key", "api-key")


def given_key(headers: Mapping[str, str]) -> str:
    """The key as it was sent; "" without one. `headers` are HTTP headers or gRPC metadata, names in lower case.

    Of a Basic pair the password is the key, or the user name when the password is empty.
    """
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return value
    if scheme.lower() == "basic" and value:
        return _of_pair(value)
    for name in KEY_HEADERS:
        if found := headers.get(name, "").strip():
            return found
    return ""


def _of_pair(encoded: str) -> str:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password or user
