"""Sessions of browsers: a signed cookie says who signed in and until when; nothing is stored for it.

It is signed with a secret that all processes on a database share and with the hash of the password: another password
ends all sessions. A session that began with an access key ends when that key is revoked, one that began at a provider
when its holder may not sign in any more, or at another provider.
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
from web.signing_in.oidc_people import NO_PROVIDER, OidcSettings

COOKIE = "rainbarrel_session"
LIFETIME_S = 7 * 86_400
ADMINISTRATOR = 0  # in place of the number of a key


class Sessions:
    """Makes and reads the cookie's value."""

    def __init__(self, control: AccessControl, password_hash: str, oidc: OidcSettings = NO_PROVIDER) -> None:
        self.password_hash = password_hash
        self.oidc = oidc
        self._control = control

    def begin(self, key_id: int) -> str:
        """A session of the key with this number, or of the ADMINISTRATOR; "" while the secret was never read."""
        return self.signed([key_id], LIFETIME_S)

    def begin_of_person(self, email: str) -> str:
        """A session of who signed in at the provider; "" while the secret was never read."""
        return self.signed([email, self.oidc.issuer], LIFETIME_S)

    def holder(self, headers: Mapping[str, str]) -> Holder | None:
        """Who signed in; None without a session that counts."""
        said = self.read_signed(cookie_of(headers, COOKIE))
        if not said:
            return None
        key_id, *rest = said
        if isinstance(key_id, str):
            return self._person(key_id, str(rest[0]) if rest else "")
        if key_id == ADMINISTRATOR:
            return Holder("session", RIGHTS["admin"], name="administrator") if self.password_hash else None
        key = self._key(key_id)
        if key is None or key.revoked_at is not None:
            return None
        found = holder_of(key)
        return Holder("session", found.rights, found.project_ids, found.key_id, found.name)

    def signed(self, said: list[int | str], lifetime_s: int, purpose: bytes = b"") -> str:
        """A cookie's value that `read_signed` gives back; "" while the secret was never read."""
        raw = orjson.dumps([*said, int(time.time()) + lifetime_s])
        signature = self._signature(raw, purpose)
        return f"{_text(raw)}.{_text(signature)}" if signature else ""

    def read_signed(self, value: str, purpose: bytes = b"") -> list[int | str] | None:
        """What was signed for this purpose; None for anything else, and when its time is over."""
        text, _, signature = value.partition(".")
        try:
            raw, given = _bytes(text), _bytes(signature)
        except (binascii.Error, ValueError):
            return None
        ours = self._signature(raw, purpose)
        if not ours or not hmac.compare_digest(ours, given):
            return None
        said: list[int | str]
        *said, ends_at = orjson.loads(raw)
        return said if time.time() < ends_at else None

    def _person(self, email: str, issuer: str) -> Holder | None:
        kind = self.oidc.kind_of(email) if issuer and issuer == self.oidc.issuer else ""
        return Holder("session", RIGHTS[kind], name=email) if kind else None

    def _key(self, key_id: int) -> AccessKey | None:
        ring = self._control.ring.now
        return next((key for key in ring.keys.values() if key.key_id == key_id), None) if ring else None

    def _signature(self, said: bytes, purpose: bytes) -> bytes:
        ring = self._control.ring.now
        if ring is None:
            return b""
        secret = hmac.digest(ring.session_secret, purpose + self.password_hash.encode(), hashlib.sha256)
        return hmac.digest(secret, said, hashlib.sha256)


def cookie_of(headers: Mapping[str, str], name: str) -> str:
    """The value of a cookie; "" without it."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
