"""What is said of certificates and keys that are missing, do not fit, or are out of their time."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.certificates import Pair, TestCa
from web.processes.greeting import greeting
from web.processes.server_file import ServerFile
from web.settings import Settings
from web.tls.files import BadTlsFile, TlsFiles, read_tls_files
from web.tls.server import ServerTls


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> TestCa:
    return TestCa(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def pair(ca: TestCa) -> Pair:
    return ca.sign("server", "localhost", "*.example.com", "127.0.0.1")


def read(settings: Settings) -> TlsFiles:
    files = read_tls_files(settings)
    assert files is not None
    return files


def test_without_a_certificate_there_is_no_tls():
    assert read_tls_files(Settings()) is None
    assert Settings().scheme == "http"


def test_what_fits_is_read(ca, pair):
    settings = Settings(tls_certificate=pair.certificate, tls_key=pair.key, tls_client_ca=ca.file)
    files = read(settings)
    assert files.names == ["localhost", "*.example.com", "127.0.0.1"]
    assert [files.is_for(host) for host in ("LOCALHOST", "a.example.com", "a.b.example.com", "10.0.0.1")] == [
        True,
        True,
        False,
        False,
    ]
    assert files.warning() == ""
    assert settings.scheme == "https"


def test_the_key_may_stand_in_the_file_of_the_certificate(pair, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    files = read(Settings(tls_certificate=both))
    assert files.key_file == both
    assert b"PRIVATE KEY" not in files.chain


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tls_key": "server.key"}, "--tls-key has no effect without --tls-certificate"),
        ({"tls_client_ca": "ca.pem"}, "--tls-client-ca has no effect without --tls-certificate"),
        ({"tls_certificate": "none.pem"}, "--tls-certificate: .*none.pem cannot be read: No such file"),
        ({"tls_certificate": "."}, "--tls-certificate: .* cannot be read: Is a directory"),
        ({"tls_certificate": "server.pem"}, "server.pem holds no private key: pass --tls-key"),
        ({"tls_certificate": "server.key"}, "server.key is no PEM file of certificates: there is no certificate in it"),
        (
            {"tls_certificate": "torn.pem"},
            "torn.pem is no PEM file of certificates: a certificate in it cannot be read",
        ),
        ({"tls_certificate": "server.pem", "tls_key": "none.key"}, "--tls-key: .*none.key cannot be read"),
        (
            {"tls_certificate": "server.pem", "tls_key": "other.key"},
            "the key in .*other.key does not fit the first cert",
        ),
        ({"tls_certificate": "server.pem", "tls_key": "ca.pem"}, "ca.pem is no PEM file of a private key"),
        ({"tls_certificate": "locked.pem", "tls_key": "locked.key"}, "locked.key is encrypted. Pass a key without"),
        (
            {"tls_certificate": "server.pem", "tls_key": "server.key", "tls_client_ca": "server.key"},
            "--tls-client-ca: .*there is no certificate in it",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(ca, pair, options, said):
    folder: Path = ca.file.parent
    ca.sign("other")
    ca.sign("locked", password="secret")
    (folder / "torn.pem").write_bytes(pair.certificate.read_bytes().replace(b"MII", b"...", 1))
    with pytest.raises(BadTlsFile, match=said):
        read_tls_files(replace(Settings(), **{name: folder / file for name, file in options.items()}))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(days=-5), "is valid from .* UTC on and refused until then"),
        (timedelta(days=10), ""),
        (timedelta(days=80), "expires on "),
        (timedelta(days=100), "has expired on .*: clients refuse it. Put a new one there"),
    ],
)
def test_a_certificate_out_of_its_time_is_a_warning(pair, after, said):
    files = read(Settings(tls_certificate=pair.certificate, tls_key=pair.key))
    sentence = files.warning(datetime.now(UTC) + after)
    assert re.search(said, sentence) if said else sentence == ""


def test_a_new_certificate_is_taken_and_one_without_its_key_is_not(tmp_path, caplog):
    caplog.set_level("INFO")
    ca = TestCa(tmp_path)
    pair = ca.sign("server", "old.example.com")
    settings = Settings(tls_certificate=pair.certificate, tls_key=pair.key)
    tls = ServerTls(settings, read(settings))
    tls.look()
    assert caplog.messages == []  # nothing has changed

    new = ca.sign("new", "new.example.com")
    new.certificate.replace(pair.certificate)  # its key has not come yet
    tls.look()
    tls.look()
    (message,) = caplog.messages
    assert message.startswith("The new files of TLS are not used, the earlier ones are: ")
    assert "does not fit" in message

    new.key.replace(pair.key)
    tls.look()
    assert caplog.messages[1].startswith(f"TLS: read {pair.certificate} again; its certificate is valid until ")


def test_the_greeting_names_an_address_that_the_certificate_is_for(ca, tmp_path):
    def said(*hosts: str) -> str:
        pair = ca.sign("greeted", *hosts)
        settings = Settings(
            data_dir=tmp_path, tls_certificate=pair.certificate, tls_key=pair.key, tls_client_ca=ca.file
        )
        server = ServerFile(1, "1", "https://127.0.0.1:4318", "https://127.0.0.1:4317", "", "", 1, "", "file")
        return greeting(server, settings, "18", tls=read(settings))

    assert "OTLP/gRPC  https://127.0.0.1:4317" in said("127.0.0.1", "traces.example.com")
    text = said("*.example.com", "traces.example.com")
    assert "Pages      https://traces.example.com:4318/\n" in text
    assert "TLS        a certificate for *.example.com, traces.example.com, valid until " in text
    assert "clients have to show a certificate too" in text
    assert "demo --data-dir" in text
