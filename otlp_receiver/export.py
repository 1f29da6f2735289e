"""What both receivers do with a request once its bytes are here: decompress, decode, commit."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from otlp_receiver.access import Access, AccessControl
from otlp_receiver.byte_budget import Reservation
from otlp_receiver.content import Compression, Encoding
from otlp_receiver.decode import decode
from otlp_receiver.decoded import Decoded, DecodedEvents, DecodedTraces, Signal
from otlp_receiver.decompress import REQUEST_BYTES_MAX, decompress
from otlp_receiver.erased_records import drop_erased
from otlp_receiver.group_commit import GroupCommit
from otlp_receiver.ingest_rate import IngestRate
from otlp_receiver.redaction.redact import redact
from otlp_receiver.span_projects import move_to_named_projects
from trace_store.failpoints import reach
from trace_store.own_spans import own_span

_Decoded = TypeVar("_Decoded", bound=Decoded)
_INLINE_BYTES_MAX = 256 * 1024  # decoded within a few milliseconds; more is decoded in a thread
_INLINE_COMPRESSED_BYTES_MAX = 4 * 1024


class Exporter:
    """Decodes and commits requests of any protocol; large ones are decoded one at a time, which bounds memory."""

    def __init__(
        self,
        group_commit: GroupCommit,
        access: AccessControl,
        request_bytes_max: int = REQUEST_BYTES_MAX,
        bytes_per_minute: int = 0,
    ) -> None:
        """`bytes_per_minute` is what one key may send; 0 for no limit."""
        self.budget = group_commit.budget
        self.request_bytes_max = request_bytes_max
        self._group_commit = group_commit
        self.access = access
        self._rate = IngestRate(bytes_per_minute)
        self._one_large = asyncio.Semaphore(1)

    async def export(
        self,
        signal: Signal,
        pieces: list[bytes],
        encoding: Encoding,
        compression: Compression,
        access: Access,
        reservation: Reservation,
    ) -> Decoded:
        """Return after COMMIT, with what was rejected.

        `pieces` are the body: they are taken out of the list, so that nobody keeps them until the commit. `reservation`
        holds as many bytes and is released after decoding.

        Raises RequestRefused (permanent), SentTooMuch, Overloaded and StoreUnavailable (send it again).
        """
        size = sum(map(len, pieces))
        self._rate.check(access, size)
        with own_span(f"export {signal}", request_bytes=size) as span:
            decode_body = partial(decode, signal, encoding=encoding, project_id=access.project_id)
            decoded = await self._decoded(decode_body, pieces, compression, reservation)
            if isinstance(decoded, DecodedTraces):
                await move_to_named_projects(decoded, self.access, access)
            await self._committed(decoded)
            span.set(rejected=sum(decoded.rejections.counts.values()))
            return decoded

    async def post(
        self,
        decode_body: Callable[[bytes], DecodedEvents],
        pieces: list[bytes],
        compression: Compression,
        access: Access,
        reservation: Reservation,
    ) -> DecodedEvents:
        """The same for a body that is no OTLP, with what decodes it once it is decompressed."""
        self._rate.check(access, sum(map(len, pieces)))
        decoded = await self._decoded(decode_body, pieces, compression, reservation)
        return await self._committed(decoded)

    async def _committed(self, decoded: _Decoded) -> _Decoded:
        await self._keep_out(decoded)
        reach("decode")
        await self._group_commit.submit(decoded)
        return decoded

    async def _keep_out(self, decoded: Decoded) -> None:
        """Redacts, and then drops what was erased: tombstones are of what was stored. Waits until both are known."""
        ring = self.access.ring
        if ring.now is None:
            await ring.fresh()
        if redactors := ring.redactors.by_project:
            if decoded.memory_bytes <= _INLINE_BYTES_MAX:
                counts = redact(decoded, redactors)
            else:
                async with self._one_large:
                    counts = await asyncio.to_thread(redact, decoded, redactors)
            self._group_commit.counts.redacted(counts)
        drop_erased(decoded, ring.tombstones)

    async def _decoded(
        self,
        decode_body: Callable[[bytes], _Decoded],
        pieces: list[bytes],
        compression: Compression,
        reservation: Reservation,
    ) -> _Decoded:
        reach("receive")
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        reservation.resize(len(body))
        inline_max = _INLINE_BYTES_MAX if compression == "identity" else _INLINE_COMPRESSED_BYTES_MAX
        if len(body) <= inline_max:
            decoded = decode_body(decompress(body, compression, self.request_bytes_max))
        else:
            async with self._one_large:
                decoded = await asyncio.to_thread(
                    lambda: decode_body(decompress(body, compression, self.request_bytes_max))
                )
        reservation.release()
        return decoded
