"""`/api/alerts`: alert rules, their firings, and back-tests on stored data; docs/api.md tells the objects."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from tool_errors.alerts.backtest import Backtest
from tool_errors.alerts.rule import Definition, stored_definition
from trace_store.alerts.alert_rows import AlertRule
from trace_store.alerts.alert_store import AlertStore, RuleNameTaken
from web.alerts.alert_json import (
    backtest_json,
    check_signal,
    firing_json,
    read_days,
    read_given_definition,
    read_rule,
    rule_json,
    subject_json,
)
from web.context import WebContext, context_of
from web.processes import heavy_reads
from web.requests.errors import BadRequest, Conflict, NotFound
from web.requests.form_posts import check_sender
from web.requests.json_answers import json_answer
from web.requests.request_body import read_object

router = APIRouter(prefix="/api/alerts")
RULE = '{"name": "refunds fail", "definition": {...}, "channel_ids": [1]}'
Context = Annotated[WebContext, Depends(context_of)]
FIRINGS_LIMIT = 50
SNOOZE_S_MAX = 90 * 86_400


@router.get("")
async def list_alerts(context: Context) -> Response:
    """`{"rules": [...], "firings": [...], "firings_shown", "firings_total"}`."""
    store = AlertStore(context.pool)
    rules = await store.rules(context.project_id)
    return json_answer({"rules": [rule_json(rule) for rule in rules]} | await firings_json(context))


@router.post("")
async def add_alert(request: Request, context: Context) -> Response:
    """Adds a rule: 201 and the rule."""
    given = await read_rule(context, await _sent(request, RULE))
    store = AlertStore(context.pool)
    try:
        rule_id = await store.add(
            context.project_id, given.name, given.stored, given.channel_ids, is_enabled=given.is_enabled
        )
    except RuleNameTaken as error:
        raise Conflict(str(error)) from None
    return json_answer(rule_json(await one_rule(context, rule_id)), 201)


@router.post("/backtest")
async def backtest_alert(request: Request, context: Context) -> Response:
    """When a rule would have fired: `{"definition", "days"}` in, nothing is stored."""
    body = await _sent(request, '{"definition": {...}, "days": 7}')
    definition = read_given_definition(body.get("definition"))
    return json_answer(backtest_json(await run_backtest(context, definition, read_days(body.get("days")))))


@router.get("/{rule_id}")
async def get_alert(rule_id: int, context: Context) -> Response:
    """The rule with its subjects that are not ok and its newest firings."""
    store = AlertStore(context.pool)
    rule = await one_rule(context, rule_id)
    subjects = [subject_json(state) for state in await store.states(rule_id)]
    return json_answer(rule_json(rule) | {"subjects": subjects} | await firings_json(context, rule_id))


@router.put("/{rule_id}")
async def change_alert(rule_id: int, request: Request, context: Context) -> Response:
    """Replaces a rule; the rule as it is now."""
    given = await read_rule(context, await _sent(request, RULE))
    store = AlertStore(context.pool)
    await one_rule(context, rule_id)
    try:
        await store.change(
            *(context.project_id, rule_id, given.name, given.stored, given.channel_ids), is_enabled=given.is_enabled
        )
    except RuleNameTaken as error:
        raise Conflict(str(error)) from None
    return json_answer(rule_json(await one_rule(context, rule_id)))


@router.delete("/{rule_id}")
async def remove_alert(rule_id: int, request: Request, context: Context) -> Response:
    """Removes a rule with its history: 204."""
    check_sender(request)
    await one_rule(context, rule_id)
    await AlertStore(context.pool).remove(context.project_id, rule_id)
    return Response(status_code=204)


@router.post("/{rule_id}/snooze")
async def snooze_alert(rule_id: int, request: Request, context: Context) -> Response:
    """`{"for_s": 3600}`: nobody is told for so long; 0 ends that."""
    for_s = (await _sent(request, '{"for_s": 3600}')).get("for_s")
    await one_rule(context, rule_id)
    await snooze(context, rule_id, for_s)
    return json_answer(rule_json(await one_rule(context, rule_id)))


async def _sent(request: Request, example: str) -> dict[str, Any]:
    """The JSON object that an administrator sends; Forbidden or BadRequest otherwise."""
    check_sender(request)
    return await read_object(request, example)


async def snooze(context: WebContext, rule_id: int, for_s: Any) -> None:
    """Snoozes a rule for so many seconds; BadRequest for a time that it cannot be."""
    if not isinstance(for_s, int) or isinstance(for_s, bool) or not 0 <= for_s <= SNOOZE_S_MAX:
        raise BadRequest(f"for_s is a number of seconds from 0 to {SNOOZE_S_MAX} (90 days).")
    until = datetime.now(UTC) + timedelta(seconds=for_s) if for_s else None
    await AlertStore(context.pool).snooze(context.project_id, rule_id, until)


async def one_rule(context: WebContext, rule_id: int) -> AlertRule:
    """A rule of the project; NotFound names it."""
    rule = await AlertStore(context.pool).rule(context.project_id, rule_id) if 0 < rule_id < 2**63 else None
    if rule is None:
        raise NotFound(f"There is no alert rule {rule_id}: it was never made, or somebody removed it.")
    return rule


async def run_backtest(context: WebContext, definition: Definition, days: int) -> Backtest:
    """A back-test in the reader process."""
    await check_signal(AlertStore(context.pool), context.project_id, definition)
    stored = stored_definition(definition)
    return await context.reader_process.run(
        heavy_reads.backtest_rule, context.conninfo, context.project_id, stored, time.time_ns(), days
    )


async def firings_json(context: WebContext, rule_id: int | None = None) -> dict[str, Any]:
    """The newest firings, of all rules or of one."""
    firings, total = await AlertStore(context.pool).firings(context.project_id, FIRINGS_LIMIT, rule_id)
    shown = [firing_json(firing) for firing in firings]
    return {"firings": shown, "firings_shown": len(shown), "firings_total": total}
