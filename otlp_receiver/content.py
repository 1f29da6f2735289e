"""Content negotiation: which encoding and compression a request uses, read from its headers."""

from typing import Literal

from otlp_receiver.exceptions import UnsupportedMedia

Encoding = Literal["protobuf", "json"]
Compression = Literal["identity", "gzip", "deflate", "zstd"]

MEDIA_TYPES: dict[Encoding, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}

_ENCODINGS: dict[str, Encoding] = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_COMPRESSIONS: dict[str, Compression] = {
    "": "identity",
    "identity": "identity",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "zstd": "zstd",
}
ACCEPTED_COMPRESSIONS = "gzip, deflate, zstd, identity"


def request_encoding(content_type: str) -> Encoding:
    """The encoding that a Content-Type header names; parameters such as `charset` are ignored.

    Raises UnsupportedMedia for any other type (OTLP/HTTP knows these two only).
    """
    media_type = content_type.partition(";")[0].strip().lower()
    encoding = _ENCODINGS.get(media_type)
    if encoding is None:
        raise UnsupportedMedia(
            f"Content-Type {media_type[:80] or '(none)'!r} is not supported: "
            "send application/x-protobuf or application/json"
        )
    return encoding


def request_compression(content_encoding: str) -> Compression:
    """The compression that a Content-Encoding header names. Raises UnsupportedMedia for others and for stacked ones."""
    compression = _COMPRESSIONS.get(content_encoding.strip().lower())
    if compression is None:
        raise UnsupportedMedia(
            f"Content-Encoding {content_encoding[:80]!r} is not supported: send one of {ACCEPTED_COMPRESSIONS}"
        )
    return compression
