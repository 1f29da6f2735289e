"""Raindrop's query SDK (`raindrop-query`) reads a user, a conversation and events with their spans; prints JSON.

python raindrop_query_events.py URL USER CONVERSATION EVENT...
"""

# mypy: ignore-errors
# It runs in another environment, with packages that the type checker does not see.

import json
import sys

from raindrop_query import RaindropQuery


def main() -> None:
    url, user, conversation, *events = sys.argv[1:]
    query = RaindropQuery(api_key="any", server_url=url)
    found = {
        "user": query.users.get(id=user),
        "conversation": query.conversations.get(id=conversation),
        **{event: query.events.get(id=event) for event in events},
        **{f"spans of {event}": query.traces.list(event_id=event) for event in events},
    }
    print(json.dumps({name: each.model_dump(mode="json")["data"] for name, each in found.items()}))


if __name__ == "__main__":
    main()
