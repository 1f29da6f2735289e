"""otel-collector-config.yaml is complete and right, in the official collector's own judgement."""

import pytest

from tests.collector.otelcol import validate

pytestmark = pytest.mark.collector

SENTRY = {
    "SENTRY_OTLP_TRACES_ENDPOINT": "https://o1.ingest.sentry.io/api/2/integration/otlp/v1/traces",
    "SENTRY_PUBLIC_KEY": "0123456789abcdef0123456789abcdef",
}
DATADOG = {"DD_API_KEY": "0123456789abcdef0123456789abcdef"}
SIDES = {
    "[nop]": {},
    "[otlp_http/sentry]": SENTRY,
    "[otlp_http/datadog]": DATADOG,
    "[otlp_http/sentry, otlp_http/datadog]": SENTRY | DATADOG,
}


def test_it_is_valid_without_any_variable() -> None:
    checked = validate()
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("side_by_side", list(SIDES))
@pytest.mark.parametrize("endpoint", ["https://rainbarrel.example.org:443", "http://10.0.0.1:4317"])
def test_it_is_valid_with_every_choice_of_backends(side_by_side: str, endpoint: str) -> None:
    checked = validate(SIDE_BY_SIDE=side_by_side, RAINBARREL_ENDPOINT=endpoint, **SIDES[side_by_side])
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_backend_that_is_not_in_it_is_named() -> None:
    checked = validate(SIDE_BY_SIDE="[otlp_http/sentri]")
    assert checked.returncode != 0
    assert '"otlp_http/sentri" which is not configured' in checked.stderr
