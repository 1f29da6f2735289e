"""One POST to an endpoint of a user: to a checked address, without proxies and redirects, with time limits."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache

import httpx

from tool_errors.delivery.failures import DeliveryFailed
from tool_errors.delivery.message import clip, one_line
from tool_errors.delivery.ssrf import Targets, checked_addresses
from tool_errors.delivery.tls import tls_context

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 30.0
SAID_BYTES_MAX = 300  # of the answer, for the error sentence
RETRY_AFTER_S_MAX = 3600.0


async def post(url: str, body: bytes, headers: Mapping[str, str], targets: Targets) -> None:
    """Returns once the endpoint answers 2xx; DeliveryFailed says in a sentence why it did not.

    The sentence never holds the URL, which may be a secret by itself.
    """
    parts = httpx.URL(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await _post(parts, await checked_addresses(parts.host, port, targets), body, headers)
    except (TimeoutError, httpx.TimeoutException):
        raise DeliveryFailed(
            f"{parts.host} did not answer within {ANSWER_TIMEOUT_S:.0f} s; whether it took the message is unknown."
        ) from None
    except httpx.ConnectError as error:
        raise DeliveryFailed(f"{parts.host} port {port} takes no connection: {one_line(error)}.") from error
    except httpx.HTTPError as error:
        said = one_line(error) or type(error).__name__
        raise DeliveryFailed(f"The connection to {parts.host} broke before its answer: {said}.") from error


async def _post(url: httpx.URL, addresses: list[str], body: bytes, headers: Mapping[str, str]) -> None:
    timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    async with httpx.AsyncClient(
        verify=_tls(), trust_env=False, follow_redirects=False, timeout=timeout, http2=False
    ) as client:
        for address in addresses:
            request = client.build_request(
                "POST",
                url.copy_with(host=address.partition("%")[0]),
                content=body,
                headers={"host": url.netloc.decode(), "content-type": "application/json", **headers},
                extensions={"sni_hostname": url.host},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == addresses[-1]:
                    raise
                continue  # nothing was sent yet
            try:
                if not response.is_success:
                    raise DeliveryFailed(await _refusal(url.host, response), _retry_after_s(response))
            finally:
                await response.aclose()
            return


@cache
def _tls() -> ssl.SSLContext:
    return tls_context()


async def _refusal(host: str, response: httpx.Response) -> str:
    if response.is_redirect:
        return f"{host} answers {response.status_code}, a redirect, and redirects are not followed: use the final URL."
    said = b""
    try:
        async for chunk in response.aiter_bytes():
            said += chunk
            if len(said) >= SAID_BYTES_MAX:
                break
    except httpx.HTTPError:
        pass  # the status says enough
    text = clip(one_line(said.decode(errors="replace")), SAID_BYTES_MAX)
    return f"{host} answers {response.status_code}" + (f": {text}" if text else ".")


def _retry_after_s(response: httpx.Response) -> float:
    """Seconds of Retry-After (RFC 9110, section 10.2.3) at most an hour; 0 for none and for a date."""
    text = response.headers.get("retry-after", "").strip()
    return min(float(text), RETRY_AFTER_S_MAX) if text.isascii() and text.isdigit() else 0.0
