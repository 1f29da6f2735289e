"""Reads the files of --tls-certificate, --tls-key and --tls-client-ca, and says in a sentence what is wrong with them.

All are PEM (RFC 7468). A certificate that has expired is no fault of the file: the server starts and says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from trace_store.exceptions import RainbarrelError
from web.settings import Settings

EXPIRES_SOON = timedelta(days=14)
_CERTIFICATE, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


class BadTlsFile(RainbarrelError):
    """A file that TLS needs is missing, unreadable or does not fit the others."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """What stands in the files; `client_ca` is empty where clients need no certificate."""

    certificate_file: Path
    key_file: Path  # may be the same one
    chain: bytes  # PEM, the server's own certificate first
    key: bytes
    client_ca: bytes

    @property
    def certificate(self) -> x509.Certificate:
        """The server's own one."""
        return x509.load_pem_x509_certificates(self.chain)[0]

    @property
    def names(self) -> list[str]:
        """Names and addresses that the certificate is good for."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
        return [*found.get_values_for_type(x509.DNSName), *addresses]

    def is_for(self, host: str) -> bool:
        """Whether clients that connect to `host` accept the certificate; a wildcard stands for one label."""
        wildcard = "*." + host.partition(".")[2]
        return any(name.lower() in (host.lower(), wildcard.lower()) for name in self.names)

    def warning(self, now: datetime | None = None) -> str:
        """A sentence when clients refuse the certificate for its time, or will soon; "" when all is well."""
        now, certificate = now or datetime.now(UTC), self.certificate
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        place, remedy = (
            f"The certificate in {self.certificate_file}",
            "Put a new one there; it is read without a restart.",
        )
        if end <= now:
            return f"{place} has expired on {end:%Y-%m-%d %H:%M} UTC: clients refuse it. {remedy}"
        if begin > now:
            return f"{place} is valid from {begin:%Y-%m-%d %H:%M} UTC on and refused until then. Is the clock right?"
        if end - now < EXPIRES_SOON:
            return f"{place} expires on {end:%Y-%m-%d %H:%M} UTC. {remedy}"
        return ""


def read_tls_files(settings: Settings) -> TlsFiles | None:
    """The files that the settings name, checked together; None without TLS. Raises BadTlsFile."""
    if settings.tls_certificate is None:
        for option, path in (("--tls-key", settings.tls_key), ("--tls-client-ca", settings.tls_client_ca)):
            if path is not None:
                raise BadTlsFile(
                    f"{option} has no effect without --tls-certificate: pass the server's certificate too."
                )
        return None
    chain = _certificates("--tls-certificate", settings.tls_certificate)
    key_file = settings.tls_key or settings.tls_certificate
    key = _read("--tls-key", key_file)
    _check_key(key, key_file, chain, settings)
    client_ca = b"" if settings.tls_client_ca is None else _certificates("--tls-client-ca", settings.tls_client_ca)
    return TlsFiles(settings.tls_certificate, key_file, chain, key, client_ca)


def certificate_blocks(pem: bytes) -> bytes:
    """The certificates of a PEM text without what stands around them."""
    parts = pem.split(_CERTIFICATE)[1:]
    return b"".join(_CERTIFICATE + part.partition(_END)[0] + _END + b"\n" for part in parts)


def _read(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadTlsFile(f"{option}: {path} cannot be read: {error.strerror}. Pass the path of a PEM file.") from error


def _certificates(option: str, path: Path) -> bytes:
    """The certificates of a file, all of which can be read."""
    blocks = certificate_blocks(_read(option, path))
    try:
        x509.load_pem_x509_certificates(blocks)
    except ValueError as error:
        said = "a certificate in it cannot be read" if blocks else "there is no certificate in it"
        raise BadTlsFile(
            f"{option}: {path} is no PEM file of certificates: {said}. It has lines `-----BEGIN CERTIFICATE-----`."
        ) from error
    return blocks


def _check_key(key: bytes, key_file: Path, chain: bytes, settings: Settings) -> None:
    if settings.tls_key is None and b"PRIVATE KEY-----" not in key:
        raise BadTlsFile(f"{key_file} holds no private key: pass --tls-key with the key of the certificate.")
    try:
        own = load_pem_private_key(key, None)
    except TypeError as error:
        raise BadTlsFile(
            f"--tls-key: {key_file} is encrypted. Pass a key without a password (`openssl pkey -in KEY -out KEY2`), "
            "readable by Rainbarrel alone."
        ) from error
    except ValueError as error:
        raise BadTlsFile(f"--tls-key: {key_file} is no PEM file of a private key.") from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certificate = x509.load_pem_x509_certificates(chain)[0]
    if own.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise BadTlsFile(
            f"--tls-key: the key in {key_file} does not fit the first certificate in {settings.tls_certificate}. The "
            "server's own certificate stands first there, then those that lead to its CA."
        )
