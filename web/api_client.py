"""A small HTTP client for commands that talk to a running server: no proxies, time limits, errors as sentences."""

import http.client
import json
import ssl
import urllib.parse
from typing import TYPE_CHECKING, Any

from trace_store.exceptions import RainbarrelError

if TYPE_CHECKING:
    from web.tls.client import ClientTls

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 256 * 1024 * 1024


class ServerDoesNotAnswer(RainbarrelError):
    """The server cannot be reached."""


class ServerRefuses(RainbarrelError):
    """The server answered with an error."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ApiClient:
    """Talks to the server at `url`, such as http://127.0.0.1:4318, with an access key if one is given.

    `tls` says whom to trust at an https address; None: whom the system trusts.
    """

    def __init__(self, url: str, key: str = "", tls: "ClientTls | None" = None) -> None:
        self.key, self.tls = key, tls
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ServerDoesNotAnswer(f"{url!r} is no address of a server, which looks like http://127.0.0.1:4318.")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._place, self._prefix = parts.netloc, parts.path.rstrip("/")
        self._is_secure = parts.scheme == "https"

    def get_json(self, path: str) -> Any:
        """The answer to GET. Raises ServerDoesNotAnswer, or ServerRefuses for any status but 200."""
        try:
            return json.loads(self._request("GET", path, None, {"accept": "application/json"}))
        except ValueError as error:
            raise ServerDoesNotAnswer(f"{self.url}{path} answers no JSON: is it a Rainbarrel?") from error

    def post(self, path: str, body: bytes, content_type: str) -> bytes:
        """The body of the answer to POST; raises like `get_json`."""
        return self._request("POST", path, body, {"content-type": content_type})

    def ssl_context(self) -> ssl.SSLContext | None:
        """For other clients of the same server; None where it speaks plain HTTP."""
        if not self._is_secure:
            return None
        return self.tls.context() if self.tls else ssl.create_default_context()

    def _connection(self) -> http.client.HTTPConnection:
        context = self.ssl_context()
        if context is None:
            return http.client.HTTPConnection(self._place, timeout=TIMEOUT_S)
        return http.client.HTTPSConnection(self._place, timeout=TIMEOUT_S, context=context)

    def _request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        if self.key:
            headers = headers | {"authorization": f"Bearer {self.key}"}
        connection = self._connection()
        try:
            connection.request(method, self._prefix + path, body, headers)
            response = connection.getresponse()
            content = response.read(ANSWER_BYTES_MAX)
        except ssl.SSLError as error:
            raise ServerDoesNotAnswer(_about_tls(self.url, error)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ServerDoesNotAnswer(
                f"No server answers at {self.url} ({error}). Start `rainbarrel serve`, or pass --url."
            ) from error
        finally:
            connection.close()
        if response.status != 200:
            said = content[:300].decode(errors="replace").strip()
            raise ServerRefuses(f"{self.url}{path} answers {response.status}: {said}", response.status)
        return content


def _about_tls(url: str, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate at {url} is not trusted: {error.verify_message}. Pass --tls-ca with the server's CA."
    if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER" in str(error):
        return f"The server at {url} speaks plain HTTP: pass the address with http."
    if "CERTIFICATE_REQUIRED" in str(error):
        return f"The server at {url} wants a certificate: pass --tls-certificate and --tls-key."
    return f"No TLS with {url} ({error.reason or error})."
