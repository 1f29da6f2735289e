"""All but spans that Raindrop's Python SDK (`raindrop-ai`) posts: events, a growing interaction, signals, a user.

    python raindrop_events.py ENDPOINT PREFIX

PREFIX goes before every event id and user id, so that runs do not meet.
"""

# mypy: ignore-errors
# It runs in another environment, with packages that the type checker does not see.

import sys

import raindrop.analytics as raindrop


def main() -> None:
    endpoint, prefix = sys.argv[1:]
    raindrop.init(api_key="any", endpoint=endpoint, local_workshop_url=None, app_git=False, auto_instrument=False)
    user = f"{prefix}-ada"
    raindrop.identify(user, {"name": "Ada", "plan": "pro", "age": 36})
    raindrop.track(
        user_id=user, event="page_view", event_id=f"{prefix}-view", properties={"page": "/start", "env": "test", "n": 3}
    )
    raindrop.track_ai(
        user_id=user,
        event="booking",
        event_id=f"{prefix}-asked",
        timestamp="2026-11-01T10:00:00Z",
        model="gpt-4o-mini",
        input="Book me a flight.",
        output="Booked.",
        convo_id=f"{prefix}-talk",
        properties={"nested": {"list": [1, "two", None]}},
        attachments=[{"type": "code", "name": "fare", "value": "print(1)", "role": "input", "language": "python"}],
    )
    growing = raindrop.begin(
        user_id=user, event="booking", event_id=f"{prefix}-grew", input="And a hotel?", convo_id=f"{prefix}-talk"
    )
    growing.set_properties({"deep": {"a": 1}})
    raindrop.flush()
    growing.set_properties({"deep": {"b": 2}})
    growing.add_attachments([{"type": "text", "name": "offer", "value": "a room", "role": "output"}])
    growing.finish(output="A room is found.")
    raindrop.resume_interaction(f"{prefix}-grew").finish(output="A better room is found.")
    raindrop.track_signal(event_id=f"{prefix}-asked", name="thumbs_up", sentiment="POSITIVE")
    raindrop.track_signal(event_id=f"{prefix}-grew", name="said", signal_type="feedback", comment="too dear")
    raindrop.flush()
    raindrop.shutdown()
    print("sent")


if __name__ == "__main__":
    main()
