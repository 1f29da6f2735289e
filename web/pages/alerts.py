"""`/alerts`, `/alerts/new`, `/alerts/{id}`: alert rules with their history; make, back-test, change, snooze, remove."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from tool_errors.alerts.rule import BadRule
from trace_store.alerts.alert_rows import AlertRule
from trace_store.alerts.alert_store import AlertStore, RuleNameTaken
from trace_store.alerts.channels import ChannelStore
from trace_store.alerts.signals import read_signals
from web.alerts.alert_form import EMPTY, fields_of, given_definition, given_rule
from web.alerts.alert_json import read_days, read_given_definition, read_rule
from web.alerts.alert_view import AlertPage, AlertsPage, firing_line, rule_line
from web.alerts.backtest_view import BacktestView, backtest_view
from web.api.alerts import FIRINGS_LIMIT, get_alert, list_alerts, one_rule, run_backtest, snooze
from web.context import WebContext, context_of
from web.requests.errors import BadRequest, Conflict, WebError
from web.requests.form_posts import read_form
from web.templating import page

router = APIRouter(prefix="/alerts")
Context = Annotated[WebContext, Depends(context_of)]
NOTICES = {
    "saved": "Saved. It looks at what is found from now on.",
    "snoozed": "Snoozed: nobody is told until then.",
    "woken": "It tells again.",
}


@router.get(".json")
async def show_alerts_json(context: Context) -> Response:
    """The list as JSON."""
    return await list_alerts(context)


@router.get("")
async def show_alerts(context: Context) -> Response:
    """The list of rules and the newest firings."""
    store = AlertStore(context.pool)
    channels = await ChannelStore(context.pool).all(context.project_id)
    rules = await store.rules(context.project_id)
    firings, total = await store.firings(context.project_id, FIRINGS_LIMIT)
    view = AlertsPage(
        tuple(rule_line(rule, channels) for rule in rules), tuple(map(firing_line, firings)), total, len(channels)
    )
    return page("alerts.html", page=view, footer=await context.footer())


@router.get("/new")
async def new_alert(request: Request, context: Context) -> Response:
    """The empty form; parameters of the same names fill it, so that other pages can lead here."""
    given = {name: value for name, value in request.query_params.items() if name in EMPTY}
    return await _answer(context, None, EMPTY | given)


@router.post("/new")
async def add_alert(request: Request, context: Context) -> Response:
    """Back-tests the rule of the form, or adds it."""
    return await _take_form(request, context, None)


@router.get("/{rule_id}.json")
async def show_alert_json(rule_id: int, context: Context) -> Response:
    """One rule as JSON."""
    return await get_alert(rule_id, context)


@router.get("/{rule_id}")
async def show_alert(rule_id: int, request: Request, context: Context) -> Response:
    """One rule: its form and its history."""
    rule = await one_rule(context, rule_id)
    try:
        fields, error = fields_of(rule), ""
    except BadRule as bad:
        fields, error = EMPTY | {"name": rule.name}, f"This rule is not evaluated: {bad}"
    notice = NOTICES.get(request.query_params.get("done", ""), "")
    return await _answer(context, rule, fields, error=error, notice=notice)


@router.post("/{rule_id}")
async def change_alert(rule_id: int, request: Request, context: Context) -> Response:
    """Back-tests, saves, snoozes or removes."""
    return await _take_form(request, context, await one_rule(context, rule_id))


async def _take_form(request: Request, context: WebContext, rule: AlertRule | None) -> Response:
    fields = await read_form(request)
    store, action = AlertStore(context.pool), fields.get("action", "")
    if rule is not None and action == "remove":
        await store.remove(context.project_id, rule.rule_id)
        return RedirectResponse("/alerts", 303)
    if rule is not None and action == "snooze":
        for_s = fields.get("for_s", "")
        await snooze(context, rule.rule_id, int(for_s) if for_s.isascii() and for_s.isdigit() else None)
        return RedirectResponse(f"/alerts/{rule.rule_id}?done={'woken' if for_s == '0' else 'snoozed'}", 303)
    try:
        if action == "backtest":
            definition = read_given_definition(given_definition(fields))
            days = read_days(int(text) if (text := fields.get("days", "7")).isascii() and text.isdigit() else text)
            found = await run_backtest(context, definition, days)
            return await _answer(context, rule, fields, test=backtest_view(found, definition, days))
        rule_id = await _save(context, store, rule, fields)
    except WebError as error:
        return await _answer(context, rule, fields, error=error.sentence, status=error.status)
    return RedirectResponse(f"/alerts/{rule_id}?done=saved", 303)


async def _save(context: WebContext, store: AlertStore, rule: AlertRule | None, fields: Mapping[str, str]) -> int:
    if fields.get("action") != "save":
        raise BadRequest("A form of alerts is for saving, back-testing, snoozing or removing.")
    given = await read_rule(context, given_rule(fields))
    try:
        if rule is None:
            return await store.add(
                context.project_id, given.name, given.stored, given.channel_ids, is_enabled=given.is_enabled
            )
        await store.change(
            *(context.project_id, rule.rule_id, given.name, given.stored, given.channel_ids),
            is_enabled=given.is_enabled,
        )
    except RuleNameTaken as error:
        raise Conflict(str(error)) from None
    return rule.rule_id


async def _answer(
    context: WebContext,
    rule: AlertRule | None,
    fields: Mapping[str, str],
    *,
    error: str = "",
    notice: str = "",
    test: BacktestView | None = None,
    status: int = 200,
) -> Response:
    channels = await ChannelStore(context.pool).all(context.project_id)
    async with context.reader.freely_planned() as connection:
        signals = await read_signals(connection, context.project_id)
    rule_id = 0 if rule is None else rule.rule_id  # 0: none
    firings, total = await AlertStore(context.pool).firings(context.project_id, FIRINGS_LIMIT, rule_id)
    view = AlertPage(
        rule=None if rule is None else rule_line(rule, channels),
        fields=dict.fromkeys(EMPTY, "") | dict(fields),
        channels=tuple((channel.channel_id, channel.name) for channel in channels),
        action="/alerts/new" if rule is None else f"/alerts/{rule.rule_id}",
        error=error,
        notice=notice,
        test=test,
        firings=tuple(map(firing_line, firings)),
        firings_total=total,
        signals=("loop", *(signal.name for signal in signals)),
    )
    return page("alert.html", status, page=view, footer=await context.footer())
