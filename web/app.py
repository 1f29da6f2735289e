"""The FastAPI application: query API and pages over one reader pool. OTLP is answered ahead of it (`front.py`)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from otlp_receiver.access import AccessControl
from otlp_receiver.key_ring import KeyRing
from tool_errors.failure.tool_rules_in_use import use_tool_rules
from tool_errors.prices.prices_in_use import use_prices
from trace_store.connections import make_pool
from trace_store.exceptions import RainbarrelError, StoreUnavailable
from trace_store.reader import TraceReader
from web.api import (
    alerts,
    channels,
    conversations,
    failing_calls,
    files,
    findings,
    issues,
    keys,
    signals,
    spans,
    stats,
    tools,
    traces,
)
from web.api import redaction as redaction_api
from web.api import rules as rules_api
from web.context import WebContext, request_context
from web.mcp_server.endpoint import McpEndpoint
from web.pages import alerts as alerts_page
from web.pages import channels as channels_page
from web.pages import compare, compare_otlp, dialects, ingest, jump, live, mappings, sign_in, sign_in_at_provider
from web.pages import conversation as conversation_page
from web.pages import conversations as conversations_page
from web.pages import interactions as interactions_page
from web.pages import issues as issues_page
from web.pages import keys as keys_page
from web.pages import overview as overview_page
from web.pages import prices as prices_page
from web.pages import receipts as receipts_page
from web.pages import redaction as redaction_page
from web.pages import signals as signals_page
from web.pages import spans as spans_page
from web.pages import storage as storage_page
from web.pages import tool as tool_page
from web.pages import tool_calls as calls_page
from web.pages import tool_rules as rules_page
from web.pages import tools as tools_page
from web.pages import trace as trace_page
from web.pages import traces as traces_page
from web.pages import users as users_page
from web.pages import verdicts as verdicts_page
from web.processes.reader_process import ReaderProcess
from web.processes.watcher import Watcher
from web.query_api.answers import error_body
from web.query_api.routers import ROUTERS as QUERY_API
from web.requests.access_gate import AccessGate, is_page
from web.requests.errors import WebError
from web.requests.head_requests import HeadRequests
from web.requests.query_limits import NO_LIMITS, QueryLimits, QueryRate
from web.requests.question_spans import QuestionSpans
from web.requests.security_headers import SecurityHeaders, security_headers
from web.requests.static_files import VersionedFiles
from web.rules.web_rules import WebRules
from web.signing_in.oidc_people import NO_PROVIDER, OidcSettings
from web.signing_in.sessions import Sessions
from web.stylesheet import STATIC
from web.templating import page
from web.trace.trace_links import read_link_templates
from web.version import program_version

POOL_SIZE = 8
GZIP_LEVEL = 5  # level 9 takes three times as long for pages that are 5 % smaller
READER_START_DELAY_S = 2.0  # until then the other processes start
RETRY_AFTER = {"retry-after": "2"}
UNAVAILABLE = "The database cannot be reached right now; this works again as soon as it can."

log = logging.getLogger(__name__)


def create_app(
    conninfo: str,
    stop: asyncio.Event | None = None,
    grpc_port: int | None = None,
    prices: Path | None = None,
    mapping_files: Sequence[tuple[str, str]] = (),
    tool_rules: Path | None = None,
    access: AccessControl | None = None,
    password_hash: str = "",
    limits: QueryLimits = NO_LIMITS,
    trace_links: str = "",
    oidc: OidcSettings = NO_PROVIDER,
    public_url: str = "",
    retention_days: int = 30,
) -> FastAPI:
    """The application over the database at `conninfo`.

    `stop` ends event streams, so that an orderly stop need not wait for them; `grpc_port` is where this server takes
    OTLP over gRPC, for the commands that pages show; `prices` is the user's price file, `mapping_files` are names and
    texts of the files of --mappings, `tool_rules` is the file of --tool-rules; `access` decides who may do what,
    without one everybody may read and write; `password_hash` is of the administrator's password; `limits` bound
    questions under /v1; `trace_links` are templates of the same trace elsewhere; `oidc` is where people sign in, and
    `public_url` where their browsers reach this; `retention_days` is how long spans are kept. Raises BadPriceFile,
    BadMapping and BadToolRules.
    """
    use_prices(prices)
    use_tool_rules(tool_rules)
    pool = make_pool(conninfo, "rainbarrel reader", POOL_SIZE)
    reader = TraceReader(pool)
    watcher = Watcher(reader, stop or asyncio.Event())
    rules = WebRules(tuple(mapping_files), pool)
    process = ReaderProcess(prices, tool_rules)
    own_ring = None if access else KeyRing(conninfo)  # who hands `access` over opens and closes its ring
    control = access or AccessControl(own_ring or KeyRing(conninfo))
    context = WebContext(conninfo, grpc_port, reader, watcher, process, rules, pool, control, str(prices or ""))
    context.search_days_max, context.retention_days = limits.search_days_max, retention_days
    context.link_templates = read_link_templates(trace_links)

    sessions, mcp = Sessions(control, password_hash, oidc), McpEndpoint()

    app = FastAPI(
        title="Rainbarrel",
        version=program_version(),
        lifespan=_lifespan(context, own_ring, mcp),
        docs_url=None,  # its page loads scripts from elsewhere; the description itself is at /openapi.json
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(HeadRequests),
            Middleware(GZipMiddleware, minimum_size=1024, compresslevel=GZIP_LEVEL),
            Middleware(AccessGate, control, sessions, _answer, QueryRate(limits.queries_per_minute)),
            Middleware(QuestionSpans),
        ],
    )
    app.state.context, app.state.sign_in = context, sign_in.SignIn(control, sessions)
    app.state.provider = sign_in_at_provider.SignInAtProvider(sessions, public_url)
    _add_routers(app)
    app.router.routes.append(Route("/mcp", mcp, methods=["POST"], include_in_schema=False))
    app.mount("/static", VersionedFiles(STATIC), name="static")
    _add_error_answers(app)
    for router in (keys.router, keys_page.router, sign_in.router, sign_in_at_provider.router):
        app.include_router(router)
    return app


def _add_routers(app: FastAPI) -> None:
    """Pages, API and query API; those of keys and of signing in come last, behind the answers to errors."""
    own_rules = (mappings, rules_page, redaction_page)
    settings_pages = (
        ingest,
        receipts_page,
        storage_page,
        prices_page,
        dialects,
        *own_rules,
        channels_page,
        verdicts_page,
    )
    found_pages = (issues_page, tools_page, tool_page, users_page, signals_page, alerts_page)
    trace_pages = (
        overview_page,
        traces_page,
        interactions_page,
        calls_page,
        spans_page,
        trace_page,
        conversations_page,
        conversation_page,
        jump,
        live,
    )
    pages = (*trace_pages, compare, compare_otlp, *found_pages, *settings_pages)
    found_apis = (issues, findings, signals, tools, channels, alerts, rules_api, redaction_api)
    apis = (stats, traces, failing_calls, spans, conversations, files, *found_apis)
    for router in (*(part.router for part in (*apis, *pages)), *QUERY_API):
        app.include_router(router)


def _lifespan(
    context: WebContext, own_ring: KeyRing | None, mcp: McpEndpoint
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Opens and closes what requests need, with the ring unless somebody else does."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await context.pool.open(wait=False)
        if own_ring is not None:
            own_ring.open()
        starting = asyncio.get_running_loop().call_later(READER_START_DELAY_S, context.reader_process.start)
        try:
            yield
        finally:
            starting.cancel()
            await mcp.close()
            await context.watcher.close()
            await context.reader_process.close()
            if own_ring is not None:
                await own_ring.close()
            await context.pool.close()

    return lifespan


def _add_error_answers(app: FastAPI) -> None:
    @app.exception_handler(WebError)
    async def answer_error(request: Request, error: WebError) -> Response:
        return await _answer(request, error.status, error, RETRY_AFTER if error.status == 503 else None)

    @app.exception_handler(RainbarrelError)
    async def answer_store_error(request: Request, error: RainbarrelError) -> Response:
        sentence = UNAVAILABLE if type(error) is StoreUnavailable else str(error)
        return await _answer(request, 503, sentence, RETRY_AFTER)

    @app.exception_handler(RequestValidationError)
    async def answer_bad_parameter(request: Request, error: RequestValidationError) -> Response:
        found = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
        return await _answer(request, 400, f"{found}.")

    @app.exception_handler(HTTPException)
    async def answer_http_error(request: Request, error: HTTPException) -> Response:
        sentences = {404: f"There is nothing at {request.url.path}.", 405: f"{request.method} is not possible here."}
        sentence = sentences.get(error.status_code, str(error.detail))
        return await _answer(request, error.status_code, sentence, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def answer_fault(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        # no middleware sees this answer
        headers = {name.decode(): value.decode() for name, value in security_headers(request.scope)}
        return await _answer(request, 500, "This is a fault of Rainbarrel; its log says more.", headers)


async def _answer(
    request: Request, status: int, error: WebError | str, headers: dict[str, str] | None = None
) -> Response:
    """The sentence as a page for a browser, as JSON for everything else; under /v1 as Raindrop's clients read it."""
    if request.url.path.startswith("/v1/"):
        return JSONResponse(error_body(status, error), status, headers)
    sentence = error if isinstance(error, str) else error.sentence
    if is_page(request):
        context = request_context(request)
        footer = context.known_footer() if status == 503 else await context.footer()
        response: Response = page("error.html", status, status=status, sentence=sentence, footer=footer)
        response.headers.update(headers or {})
        return response
    return JSONResponse({"error": sentence}, status, headers)
