"""The line of `doctor` about the files of TLS."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from trace_store.exceptions import RainbarrelError
from web.diagnosis.finding import Finding, bad, doubtful, good
from web.processes.server_file import ServerFile
from web.settings import Settings
from web.tls.files import read_tls_files


def check_tls(settings: Settings, server: ServerFile | None) -> Iterator[Finding]:
    """Whether certificate and key of the running server, or else of the settings, fit each other and the time.

    Nothing where there is no TLS.
    """
    if server is not None and server.certificate_file:
        shown, key = Path(server.certificate_file), Path(server.key_file)
        settings = dataclasses.replace(settings, tls_certificate=shown, tls_key=key, tls_client_ca=None)
    try:
        files = read_tls_files(settings)
    except RainbarrelError as error:
        yield bad(f"TLS: {error}", "correct the files or the options")
        return
    if files is None:
        return
    if sentence := files.warning():
        yield doubtful(f"TLS: {sentence}", "renew the certificate")
        return
    names = ", ".join(files.names) or "no name"
    yield good(f"TLS: a certificate for {names}, valid until {files.certificate.not_valid_after_utc:%Y-%m-%d}")
