"""How our own commands speak TLS: to a server named by --url as anybody would, to our own one by its very certificate.

The address at which `serve` is reached on its machine (127.0.0.1) is rarely one that its certificate is for, and its CA
need not be known here. Who can read server.json knows which certificate the server shows, and trusts that one alone.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509

from trace_store.exceptions import RainbarrelError
from web.settings import Settings
from web.tls.files import BadTlsFile, certificate_blocks, read_tls_files

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL: an expired certificate is said elsewhere


@dataclass(frozen=True, slots=True)
class ClientTls:
    """Which servers to trust, and what to show to one that asks."""

    ca_file: Path | None = None  # None: those that the system trusts
    certificate_file: Path | None = None
    key_file: Path | None = None
    pinned_file: Path | None = None  # trust the certificate in it and no other, whatever its name and time

    def context(self) -> ssl.SSLContext:
        """For HTTP. Raises BadTlsFile."""
        try:
            if self.pinned_file:
                context = ssl.create_default_context(cadata=_first_certificate(self.pinned_file))
                context.check_hostname = False
                context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            else:
                context = ssl.create_default_context(cafile=self.ca_file)
            if self.certificate_file:
                context.load_cert_chain(self.certificate_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise BadTlsFile(f"A file of TLS cannot be used: {error}.") from error
        return context

    def grpc_channel(self, place: str) -> grpc.Channel:
        """A channel to host:port."""
        options: list[tuple[str, Any]] = [("grpc.enable_http_proxy", 0)]
        roots = self.ca_file.read_bytes() if self.ca_file else None
        if self.pinned_file:
            roots = _first_certificate(self.pinned_file).encode()
            options.append(("grpc.ssl_target_name_override", _a_name(roots)))
        shown = self.certificate_file.read_bytes() if self.certificate_file else b""
        key = self.key_file.read_bytes() if self.key_file else shown
        chain = certificate_blocks(shown)
        credentials = grpc.ssl_channel_credentials(roots, (key or None) if chain else None, chain or None)
        return grpc.secure_channel(place, credentials, options)


def client_tls(settings: Settings) -> ClientTls:
    """For a server that the user names; the certificate is that of --tls-certificate. Raises BadTlsFile."""
    files = read_tls_files(settings)
    if settings.tls_ca is not None and not settings.tls_ca.is_file():
        raise BadTlsFile(f"--tls-ca: {settings.tls_ca} is no file. Pass the path of a PEM file with the server's CA.")
    if files is None:
        return ClientTls(settings.tls_ca)
    return ClientTls(settings.tls_ca, files.certificate_file, files.key_file)


def _first_certificate(path: Path) -> str:
    blocks = certificate_blocks(path.read_bytes())
    if not blocks:
        raise RainbarrelError(f"{path} holds no certificate any more; it did when the server started.")
    return certificate_blocks(b"-----BEGIN CERTIFICATE-----" + blocks.split(b"-----BEGIN CERTIFICATE-----")[1]).decode()


def _a_name(certificate: bytes) -> str:
    """A name that the certificate is good for."""
    try:
        found = x509.load_pem_x509_certificate(certificate).extensions
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "localhost"
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return next(iter([*names.get_values_for_type(x509.DNSName), *addresses]), "localhost").replace("*.", "any.")
