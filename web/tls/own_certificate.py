"""The certificate that `serve` makes at each start for the commands of its own user, where clients must show one.

Without it neither `serve` itself could ask whether it is ready nor `rainbarrel doctor` reach it. Its key lies in the
data directory beside server.json, readable by the owner alone, who could read the database as well.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trace_store.embedded.data_directory import write_own_file

NAME = "own_client.pem"
VALID = timedelta(days=3650)  # of a run; a new one is made at the next start


def make_own_certificate(data_dir: Path) -> Path:
    """Writes key and certificate into one PEM file; returns its path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rainbarrel serve")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + VALID)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)  # its own CA
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = data_dir / NAME
    write_own_file(path, private.decode() + certificate.public_bytes(Encoding.PEM).decode())
    return path
