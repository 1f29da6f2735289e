"""Compression: every form that HTTP clients send, damaged ones refused, and never more output than the limit."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from otlp_receiver.content import Compression, request_compression, request_encoding
from otlp_receiver.decompress import decompress
from otlp_receiver.exceptions import BodyTooLarge, MalformedBody, UnsupportedMedia

ROOT = Path(__file__).resolve().parents[2]
BODY = bytes(range(256)) * 40


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def zstd_without_size(body: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return packer.compress(body) + packer.flush()


FORMS: list[tuple[Compression, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("zstd", zstandard.ZstdCompressor().compress),
    ("zstd", zstd_without_size),
]
forms = pytest.mark.parametrize(("compression", "compress"), FORMS)


@forms
def test_round_trip(compression: Compression, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(compress(BODY), compression) == BODY
    assert decompress(compress(b""), compression) == b""


@forms
def test_a_cut_body_is_refused(compression: Compression, compress: Callable[[bytes], bytes]) -> None:
    packed = compress(BODY)
    for length in (0, 1, 2, 5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(MalformedBody):
            decompress(packed[:length], compression)


@forms
def test_a_damaged_body_is_refused(compression: Compression, compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedBody):
        decompress(b"\x07garbage" + compress(BODY), compression)


@forms
def test_the_limit_holds_exactly(compression: Compression, compress: Callable[[bytes], bytes]) -> None:
    packed = compress(BODY)
    assert decompress(packed, compression, len(BODY)) == BODY
    with pytest.raises(BodyTooLarge, match=f"larger than {len(BODY) - 1} bytes"):
        decompress(packed, compression, len(BODY) - 1)


@pytest.mark.parametrize(("compression", "compress"), [FORMS[0], FORMS[3], FORMS[4]])
def test_several_members_are_one_body(compression: Compression, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(compress(b"one") + compress(b"") + compress(b"two"), compression) == b"onetwo"


def test_an_uncompressed_body_has_the_same_limit() -> None:
    assert decompress(b"abc", "identity", 3) == b"abc"
    with pytest.raises(BodyTooLarge):
        decompress(b"abcd", "identity", 3)


MEASURE_BOMB = """
import resource, sys, zlib, zstandard
from otlp_receiver.decompress import decompress
from otlp_receiver.exceptions import BodyTooLarge
def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
name = sys.argv[1]
if name == "zstd":
    packer = zstandard.ZstdCompressor().compressobj()
else:
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": 15}[name])
zeros = bytes(1024 * 1024)
bomb = b"".join(packer.compress(zeros) for _ in range(2048)) + packer.flush()
before = peak_bytes()
try:
    decompress(bomb, name)
except BodyTooLarge:
    print(len(bomb), peak_bytes() - before)
"""


@pytest.mark.parametrize(
    "compression", ["zstd", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("gzip", "deflate"))]
)
def test_a_bomb_of_two_gigabytes_is_refused_in_bounded_memory(compression: str) -> None:
    command = [sys.executable, "-c", MEASURE_BOMB, compression]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=600).stdout
    bomb_bytes, grown_bytes = map(int, said.split())
    assert bomb_bytes < 4 * 1024 * 1024
    assert grown_bytes < 160 * 1024 * 1024


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("application/x-protobuf", "protobuf"),
        ("application/protobuf", "protobuf"),
        ("application/json; charset=utf-8", "json"),
        (" Application/JSON ;x=y", "json"),
    ],
)
def test_content_types(content_type: str, encoding: str) -> None:
    assert request_encoding(content_type) == encoding


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonl", "multipart/form-data; boundary=x"])
def test_other_content_types_are_refused_by_name(content_type: str) -> None:
    with pytest.raises(UnsupportedMedia, match="application/x-protobuf or application/json"):
        request_encoding(content_type)


def test_content_encodings() -> None:
    assert [request_compression(name) for name in ("", "identity", "GZIP", "x-gzip", " deflate ", "zstd")] == [
        *("identity", "identity", "gzip", "gzip", "deflate", "zstd")
    ]
    for name in ("br", "gzip, gzip", "snappy"):
        with pytest.raises(UnsupportedMedia, match="gzip, deflate, zstd"):
            request_compression(name)
