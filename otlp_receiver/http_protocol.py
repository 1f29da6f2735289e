"""uvicorn's HTTP/1.1 protocol, made strict about where a request ends; hand it to uvicorn as `http=`.

llhttp (below httptools) refuses most ways to hide a second request in a body; this class refuses what is left. It also
reads the body of a request that offers an upgrade (Java's HTTP client offers h2c), which httptools skips: an export
would be stored as empty and acknowledged.
Sources: RFC 9112, sections 6.1 and 6.3; RFC 9110, section 7.8 (a server may ignore Upgrade).
"""

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_BYTES_MAX = 256 * 1024
HEADERS_TIMEOUT_S = 30.0  # from the connection, or the first byte of a further request, to the end of the headers


class StrictHttpProtocol(HttpToolsProtocol):
    """Answers ambiguous requests with 400 and closes the connection; ignores offers to upgrade."""

    _header_bytes = 0  # of the request whose headers are being read, beside its first piece
    _reads_headers = False
    _headers_deadline: asyncio.TimerHandle | None = None
    _is_muted = False  # while a parser is told how the body ends that follows an offer to upgrade

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request, but not for ever: uvicorn alone would, until the first one has been answered."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer, also after a reset: uvicorn's timer would keep all of the connection for 75 s more."""
        self._headers_came()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; headers that never end are refused."""
        self._unset_keepalive_if_required()
        if self._reads_headers:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES_MAX:
                self.send_400_response(f"The request headers are larger than {HEADER_BYTES_MAX} bytes.")
                return
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.logger.warning("An invalid HTTP request was refused.")
            self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        """Start to count the headers."""
        if not self._is_muted:
            self._header_bytes, self._reads_headers = 0, True
            self._await_headers()
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Collect the target."""
        if not self._is_muted:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header."""
        if not self._is_muted:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, if it says in exactly one way how long its body is."""
        if self._is_muted:
            return
        self._reads_headers = False
        self._headers_came()
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if len(codings) + len(lengths) > 1 or any(coding.strip().lower() != b"chunked" for coding in codings):
            raise httptools.HttpParserError("ambiguous length of the body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the body, unless httptools skipped it."""
        if not self._is_muted and not (self.parser.should_upgrade() and self._body_framing() is not None):
            super().on_message_complete()

    def _await_headers(self) -> None:
        if self._headers_deadline is None:
            self._headers_deadline = self.loop.call_later(HEADERS_TIMEOUT_S, self._give_up_headers)

    def _headers_came(self) -> None:
        if self._headers_deadline is not None:
            self._headers_deadline.cancel()
            self._headers_deadline = None

    def _give_up_headers(self) -> None:
        self._headers_deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade()
            rest = data[upgrade.args[0] :]
            if rest:
                self._feed(rest)

    def _go_on_without_upgrade(self) -> None:
        """Replace the parser, which stopped behind the headers, by one that waits for their body."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets its own
        self._is_muted = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n\r\n" % (self._body_framing() or b"content-length: 0"))
        self._is_muted = False

    def _body_framing(self) -> bytes | None:
        """The header that says where the body ends; None when there is no body."""
        for name, value in self.headers:
            if name == b"transfer-encoding" or (name == b"content-length" and int(value) > 0):
                return name + b": " + value
        return None
