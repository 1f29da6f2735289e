"""The administrator's password: kept as a scrypt hash, in a form that fits into a setting.

Source: RFC 7914; the cost is one of those that OWASP names for storing passwords (N = 2^15, r = 8, p = 3: 32 MiB).
"""

import base64
import binascii
import hashlib
import hmac
import secrets

COST, BLOCK_SIZE, PARALLEL = 2**15, 8, 3
_MEMORY_BYTES_MAX = 256 * 1024 * 1024
_SALT_BYTES, _HASH_BYTES = 16, 32
_PREFIX = "scrypt"


def hash_password(password: str) -> str:
    """`scrypt:N:r:p:salt:hash`, the last two in base64url."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(password, salt, COST, BLOCK_SIZE, PARALLEL)
    parts = (_PREFIX, COST, BLOCK_SIZE, PARALLEL, _text(salt), _text(digest))
    return ":".join(map(str, parts))


def is_password(password: str, hashed: str) -> bool:
    """Whether this is the password; takes a third of a second on purpose."""
    cost, block_size, parallel, salt, digest = _parts(hashed)
    return hmac.compare_digest(_scrypt(password, salt, cost, block_size, parallel), digest)


def check_hash(hashed: str) -> str:
    """The same text; ValueError for what `hash_password` cannot have made."""
    if hashed:
        _parts(hashed)
    return hashed


def _parts(hashed: str) -> tuple[int, int, int, bytes, bytes]:
    try:
        prefix, cost, block_size, parallel, salt, digest = hashed.split(":")
        found = int(cost), int(block_size), int(parallel), _bytes(salt), _bytes(digest)
    except (ValueError, binascii.Error):
        prefix, found = "", (0, 0, 0, b"", b"")
    if prefix != _PREFIX or found[0] * found[1] * 128 > _MEMORY_BYTES_MAX or len(found[4]) != _HASH_BYTES:
        raise ValueError("this is no hash of a password; `rainbarrel password` makes one")
    return found


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, parallel: int) -> bytes:
    given = password.encode(errors="surrogatepass")
    return hashlib.scrypt(
        given, salt=salt, n=cost, r=block_size, p=parallel, maxmem=_MEMORY_BYTES_MAX, dklen=_HASH_BYTES
    )


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
