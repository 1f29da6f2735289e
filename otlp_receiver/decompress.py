"""Decompression with a hard limit on the output: a bomb is refused after at most limit + one chunk of memory."""

import zlib
from collections.abc import Iterator

import zstandard

from otlp_receiver.content import Compression
from otlp_receiver.exceptions import BodyTooLarge, MalformedBody

REQUEST_BYTES_MAX = 64 * 1024 * 1024

_CHUNK_BYTES = 1024 * 1024
_ZSTD_INPUT_BYTES = 1024  # at most 32 MiB of output: a block of 4 bytes may stand for 128 KiB
_ZSTD_WINDOW_BYTES_MAX = 64 * 1024 * 1024
_GZIP_WBITS, _ZLIB_WBITS, _RAW_DEFLATE_WBITS = 31, 15, -15


def decompress(body: bytes, compression: Compression, bytes_max: int = REQUEST_BYTES_MAX) -> bytes:
    """The body as it was before compression.

    Raises BodyTooLarge when it is larger than `bytes_max` before or after, and MalformedBody when it is damaged or cut.
    """
    if len(body) > bytes_max:
        raise too_large(bytes_max)
    if compression == "identity":
        return body
    if not body:
        raise MalformedBody("the compressed request body is empty")
    chunks: list[bytes] = []
    size = 0
    for chunk in _unzstd(body) if compression == "zstd" else _inflate(body, _wbits(body, compression)):
        size += len(chunk)
        if size > bytes_max:
            raise too_large(bytes_max, "decompressed ")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(bytes_max: int, which: str = "") -> BodyTooLarge:
    """The refusal of a body over the limit; `which` is empty or "decompressed "."""
    return BodyTooLarge(f"the {which}request body is larger than {bytes_max} bytes: send smaller batches")


def _wbits(body: bytes, compression: Compression) -> int:
    """zlib's window argument. HTTP's `deflate` is zlib's format; some clients send raw deflate (RFC 9110 8.4.1.2)."""
    if compression == "gzip":
        return _GZIP_WBITS
    has_zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _ZLIB_WBITS if has_zlib_header else _RAW_DEFLATE_WBITS


def _inflate(body: bytes, wbits: int) -> Iterator[bytes]:
    rest = body
    while rest:  # gzip allows several members behind one another
        stream = zlib.decompressobj(wbits)
        while not stream.eof:
            try:
                chunk = stream.decompress(rest, _CHUNK_BYTES)
            except zlib.error as error:
                raise MalformedBody(f"the compressed request body is damaged: {error}") from error
            rest = stream.unconsumed_tail
            if not chunk and not stream.eof:
                raise MalformedBody("the compressed request body is cut off")
            yield chunk
        rest = stream.unused_data


def _unzstd(body: bytes) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX)
    stream = decompressor.decompressobj()
    position = 0
    while position < len(body) or not stream.eof:
        if stream.eof:  # zstd allows several frames behind one another
            stream = decompressor.decompressobj()
        piece = body[position : position + _ZSTD_INPUT_BYTES]
        if not piece:
            raise MalformedBody("the compressed request body is cut off")
        try:
            chunk = stream.decompress(piece)
        except zstandard.ZstdError as error:
            raise MalformedBody(f"the compressed request body is damaged: {error}") from error
        position += len(piece) - len(stream.unused_data)
        yield chunk
