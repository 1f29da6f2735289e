"""What the benchmarks send is what they say they send."""

from collections import Counter

from otlp_receiver.decode import decode_traces
from tests.benchmarks.sender import shares
from tests.benchmarks.workload import Shape, requests

START = 1_700_000_000_000_000_000


def test_agent_spans_of_about_one_kilobyte_that_decode_accepts() -> None:
    made = requests(6400, Shape(), 1, START)
    decoded = [decode_traces(request.body, "protobuf", 1) for request in made]
    spans = [span for one in decoded for span in one.spans]
    assert sum(request.span_count for request in made) == len(spans) == 6400
    assert set(Counter(span.trace_id for span in spans).values()) == {16}
    assert len({span.span_id for span in spans}) == len(spans)
    assert 950 < sum(len(request.body) for request in made) / len(spans) < 1100


def test_another_seed_makes_other_ids() -> None:
    ids = [
        {
            span.trace_id
            for request in requests(1600, Shape(), seed, START)
            for span in decode_traces(request.body, "protobuf", 1).spans
        }
        for seed in (1, 2)
    ]
    assert not ids[0] & ids[1]


def test_every_fiftieth_request_is_sent_twice_at_two_percent() -> None:
    made = requests(32_000, Shape(), 1, START)
    sent = [request.body for share in shares(made, 16, 0.02) for request in share]
    assert len(sent) == len(made) + len(made) // 50
    assert max(Counter(sent).values()) == 2
    assert set(sent) == {request.body for request in made}


def test_the_shape_says_how_large_requests_prompts_and_traces_are() -> None:
    small = requests(1600, Shape(spans_per_request=10, spans_per_request_min=1), 1, START)
    assert {request.span_count for request in small} == set(range(1, 11))
    fat = requests(1600, Shape(prompt_bytes=20_000), 1, START)
    assert 6_000 < sum(len(request.body) for request in fat) / sum(request.span_count for request in fat) < 9_000
    long = requests(301, Shape(services=1, rounds=100), 1, START)
    assert sum(request.span_count for request in long) == 301
    ids = {span.trace_id for request in long for span in decode_traces(request.body, "protobuf", 1).spans}
    assert len(ids) == 1
    many = requests(1600, Shape(services=100), 1, START)
    assert {request.service for request in many} == set(range(100))
