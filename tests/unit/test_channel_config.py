"""Channels are checked when they are added, and never show their secrets."""

from datetime import UTC, datetime

import pytest

from tool_errors.delivery.channel_config import BadChannel, read_config, read_name, read_notices, shown_config
from trace_store.alerts.channels import Channel, Notices

MAIL = {"host": "smtp.example.com", "sender": "rain@example.com", "recipients": "one@example.com; two@example.com"}


def channel(kind: str, fields: dict[str, str]) -> Channel:
    return Channel(1, 1, kind, "name", read_config(kind, fields), Notices(), datetime.now(UTC))


def test_what_each_kind_needs() -> None:
    assert read_config("slack", {"url": " https://hooks.slack.com/services/T/B/x ", "secret": "not asked for"}) == {
        "url": "https://hooks.slack.com/services/T/B/x"
    }
    assert read_config("webhook", {"url": "http://a.example:8080/x?y=1#z", "secret": "s" * 16}) == {
        "url": "http://a.example:8080/x?y=1",
        "secret": "s" * 16,
    }
    assert read_config("email", MAIL) == {
        "host": "smtp.example.com",
        "port": 587,
        "security": "starttls",
        "sender": "rain@example.com",
        "recipients": ["one@example.com", "two@example.com"],
    }
    assert read_config("email", MAIL | {"security": "tls", "username": "u", "password": "p"})["port"] == 465


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("pager", {}, "'pager' is no kind of channel; the kinds are slack, teams, webhook, email"),
        ("slack", {}, "needs a URL"),
        ("slack", {"url": "ftp://a.example/"}, "needs a URL"),
        ("slack", {"url": "https://a.example:99999/"}, "needs a URL"),
        ("slack", {"url": "https://[::1/"}, "needs a URL"),
        ("teams", {"url": "https://a.example/\r\nhost: b"}, "needs a URL"),
        ("slack", {"url": "https://user:word@a.example/"}, "must not hold a user name"),
        ("webhook", {"url": "https://a.example/", "secret": "short"}, "secret of at least 16 characters"),
        ("email", MAIL | {"host": "a b"}, "host of a mail server"),
        ("email", MAIL | {"recipients": " , "}, "1 to 20 recipients"),
        ("email", MAIL | {"recipients": "one"}, "'one' is no mail address"),
        ("email", MAIL | {"sender": "a@b\r\nBcc: c@d"}, "is no mail address"),
        ("email", MAIL | {"port": "0"}, "is not a port"),
        ("email", MAIL | {"security": "ssl"}, "none of starttls, tls, none"),
        ("email", MAIL | {"security": "none", "username": "u"}, "not sent without TLS"),
    ],
)
def test_what_is_wrong_is_named(kind: str, fields: dict[str, str], reason: str) -> None:
    with pytest.raises(BadChannel, match=reason):
        read_config(kind, fields)


def test_names_and_notices() -> None:
    assert read_name(" on call ") == "on call"
    for name in ("", "  ", "x" * 81, "a\nb"):
        with pytest.raises(BadChannel):
            read_name(name)
    assert read_notices({}) == Notices()
    fields = {"breaker_iterations": "5", "digest_hour": "0", "digest_time_zone": "Europe/Berlin"}
    assert read_notices(fields) == Notices(5, 0, "Europe/Berlin")
    for name, value in (("breaker_iterations", "1"), ("digest_hour", "24"), ("digest_time_zone", "../etc/passwd")):
        with pytest.raises(BadChannel):
            read_notices({name: value})


def test_no_secret_is_shown() -> None:
    secret = "s3cr3t" * 4
    for made in (
        channel("slack", {"url": f"https://hooks.slack.com/services/{secret}"}),
        channel("teams", {"url": f"https://a.example/x?sig={secret}"}),
        channel("webhook", {"url": f"https://a.example/{secret}", "secret": secret}),
        channel("email", MAIL | {"username": secret, "password": secret}),
    ):
        assert secret not in shown_config(made)
        assert secret in str(made.config)
