"""Every call of Raindrop's query SDK (`raindrop-query`) about what one user did; prints what came back as JSON.

    python raindrop_query_walk.py URL USER EVENT CONVERSATION SIGNAL OWN_SIGNAL OWN_GROUP

SIGNAL is the name of one that the application posted, OWN_SIGNAL and OWN_GROUP are ids that the server was told.
"""

# mypy: ignore-errors
# It runs in another environment, with packages that the type checker does not see.

import json
import sys
from datetime import UTC, datetime

from raindrop_query import RaindropQuery

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def main() -> None:
    url, user, event, conversation, name, own_signal, own_group = sys.argv[1:]
    query = RaindropQuery(api_key="any", server_url=url)
    signal = next(one for one in query.signals.list().data if one.name == name)
    group = signal.group_id
    one_user, ever = {"eq": user}, {"gte": BEGIN, "lt": END}
    not_signal = {"neq": signal.id}
    calls = {
        "events.list": query.events.list(user_id=one_user),
        "events.list filters": query.events.list(
            limit=10,
            order_by="-timestamp",
            timestamp=ever,
            convo_id={"starts_with": conversation[:5], "eq": conversation},
            event_name={"neq": "ping"},
            signal=signal.id,
            signal_group=group,
            traits={"plan": {"eq": "pro"}, "age": {"gte": 30}},
        ),
        "events.list properties": query.events.list(
            user_id=one_user, properties={"env": "test", "n": {"gte": 2}}, cursor="abc"
        ),
        "events.list without signal": query.events.list(signal=not_signal, user_id={"eq": user, "contains": user[1:]}),
        "events.search": query.events.search(query="hotel", mode="text", search_in="user_input", user_id=user, limit=5),
        "events.count": query.events.count(count_by="user_id", timestamp=ever, user_id=one_user),
        "events.timeseries": query.events.timeseries(interval="hour", timestamp=ever, user_id=one_user),
        "events.facets": query.events.facets(field="signal", user_id=user, timestamp_gte=BEGIN, timestamp_lt=END),
        "events.get": query.events.get(id=event),
        "traces.list": query.traces.list(event_id="interaction-1", limit=500, trunc_len=4000),
        "traces.list defaults": query.traces.list(event_id="interaction-1"),
        "conversations.list": query.conversations.list(order_by="-last_message_at", started_at={"gte": BEGIN}),
        "conversations.get": query.conversations.get(id=conversation),
        "users.list": query.users.list(order_by="-last_seen", first_seen={"gte": BEGIN}, traits={"plan": "pro"}),
        "users.get": query.users.get(id=user),
        "signals.list": query.signals.list(),
        "signals.get": query.signals.get(id=signal.id),
        "signal_groups.list": query.signal_groups.list(),
        "signal_groups.get": query.signal_groups.get(id=group),
        "signal_groups.list_signals": query.signal_groups.list_signals(id=group),
        "own signals.get": query.signals.get(id=own_signal),
        "own signal_groups.get": query.signal_groups.get(id=own_group),
        "own signal_groups.list_signals": query.signal_groups.list_signals(id=own_group),
    }  # fmt: skip
    print(json.dumps({call: found.model_dump(mode="json") for call, found in calls.items()}))


if __name__ == "__main__":
    main()
