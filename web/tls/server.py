"""TLS of a front process: one context for HTTP, credentials for gRPC, both renewed when the files change.

A new certificate is taken once it is whole and its key fits; until then, and when it never does, the one that was read
before goes on to serve. Connections that are open keep what they began with. CAs of clients are read at the start
alone: OpenSSL can add one to a context, and cannot take one away.
"""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Any

import grpc

from trace_store.exceptions import RainbarrelError
from web.settings import Settings
from web.tls.files import TlsFiles, certificate_blocks, read_tls_files

LOOK_INTERVAL_S = 5.0

log = logging.getLogger(__name__)


class ServerTls:
    """The TLS of both ports. `own_client` is the file of the certificate of our own commands."""

    def __init__(self, settings: Settings, files: TlsFiles, own_client: Path | None = None) -> None:
        self._settings = settings
        self._files = self._for_grpc = files
        self._client_roots = _client_roots(files, own_client)
        self._marks = self._marks_of_files()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.context.load_cert_chain(files.certificate_file, files.key_file)
        if self._client_roots:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(cadata=self._client_roots.decode("ascii"))

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """For grpc's `add_secure_port`; each handshake asks whether there is a newer certificate."""
        needs_client = self._client_roots is not None
        return grpc.dynamic_ssl_server_credentials(self._grpc_configuration(), self._newer_for_grpc, needs_client)

    async def watch(self) -> None:
        """Looks at the files every few seconds, for ever."""
        while True:
            await asyncio.sleep(LOOK_INTERVAL_S)
            self.look()

    def look(self) -> None:
        """Take the files if they have changed; a fault is told once for each change."""
        marks = self._marks_of_files()
        if marks == self._marks:
            return
        self._marks = marks
        try:
            files = read_tls_files(self._settings)
            assert files is not None, "settings do not change"
            self.context.load_cert_chain(files.certificate_file, files.key_file)
        except (RainbarrelError, OSError) as error:  # SSLError is one: replaced between two reads, perhaps
            self._marks = [] if isinstance(error, OSError) else marks
            log.error("The new files of TLS are not used, the earlier ones are: %s", error)
            return
        self._files = files
        until = files.certificate.not_valid_after_utc
        log.info("TLS: read %s again; its certificate is valid until %s", files.certificate_file, f"{until:%Y-%m-%d}")
        if sentence := files.warning():
            log.warning("%s", sentence)

    def _grpc_configuration(self) -> Any:
        pair = (self._for_grpc.key, self._for_grpc.chain)
        return grpc.ssl_server_certificate_configuration([pair], self._client_roots)

    def _newer_for_grpc(self) -> Any:
        """Called by a thread of gRPC's at each handshake; None: nothing new."""
        if self._for_grpc is self._files:
            return None
        self._for_grpc = self._files
        return self._grpc_configuration()

    def _marks_of_files(self) -> list[tuple[int, int, int] | None]:
        return [_mark(path) for path in (self._settings.tls_certificate, self._settings.tls_key) if path is not None]


def _client_roots(files: TlsFiles, own_client: Path | None) -> bytes | None:
    """The certificates that those of clients have to lead to; None where clients need none."""
    if not files.client_ca:
        return None
    return files.client_ca + (certificate_blocks(own_client.read_bytes()) if own_client else b"")


def _mark(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; links are followed, since renewals turn links."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
