"""Sessions of browsers: a signed cookie says who signed in and until when; nothing is stored for it.

It is signed with a secret that all processes on a database share and with the hash of the password: another password
ends all sessions. A session that began with an access key ends when that key is revoked.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

import orjson

from otlp_receiver.access import RIGHTS, AccessControl, Holder, holder_of
from trace_store.access_keys import AccessKey

COOKIE = "rainbarrel_session"
LIFETIME_S = 7 * 86_400
ADMINISTRATOR = 0  # in place of the number of a key


class Sessions:
    """Makes and reads the cookie's value."""

    def __init__(self, control: AccessControl, password_hash: str) -> None:
        self.password_hash = password_hash
        self._control = control

    def begin(self, key_id: int) -> str:
        """A session of the key with this number, or of the ADMINISTRATOR; "" while the secret was never read."""
        said = orjson.dumps([key_id, int(time.time()) + LIFETIME_S])
        signature = self._signature(said)
        return f"{_text(said)}.{_text(signature)}" if signature else ""

    def holder(self, headers: Mapping[str, str]) -> Holder | None:
        """Who signed in; None without a session that counts."""
        said, _, signature = _cookie(headers).partition(".")
        try:
            raw, signed = _bytes(said), _bytes(signature)
        except (binascii.Error, ValueError):
            return None
        ours = self._signature(raw)
        if not ours or not hmac.compare_digest(ours, signed):
            return None
        key_id, ends_at = orjson.loads(raw)
        if time.time() >= ends_at:
            return None
        if key_id == ADMINISTRATOR:
            return Holder("session", RIGHTS["admin"], name="administrator") if self.password_hash else None
        key = self._key(key_id)
        if key is None or key.revoked_at is not None:
            return None
        found = holder_of(key)
        return Holder("session", found.rights, found.project_ids, found.key_id, found.name)

    def _key(self, key_id: int) -> AccessKey | None:
        ring = self._control.ring.now
        return next((key for key in ring.keys.values() if key.key_id == key_id), None) if ring else None

    def _signature(self, said: bytes) -> bytes:
        ring = self._control.ring.now
        if ring is None:
            return b""
        secret = hmac.digest(ring.session_secret, self.password_hash.encode(), hashlib.sha256)
        return hmac.digest(secret, said, hashlib.sha256)


def _cookie(headers: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
