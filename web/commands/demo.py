"""Send the traces of a sample support agent to the running server: some runs fine, one tool raising, one failing
softly, one loop, and one run that streams in live, so that every page shows something.
"""

import argparse
import secrets
import time

from web.api_client import ApiClient
from web.attach import server_client
from web.demo.runs import FINISHED, LIVE
from web.demo.script import Run
from web.demo.spans import SECOND_NS, RunRecorder, export_request
from web.settings import CLIENT_TLS, add_flags, read_settings
from web.trace.trace_url import trace_url

EXAMPLES = """\
examples:
  rainbarrel demo
  rainbarrel demo --url http://127.0.0.1:4318 --no-live
"""
RUN_INTERVAL_NS = 20 * SECOND_NS


def configure(parser: argparse.ArgumentParser) -> None:
    """Which server."""
    parser.add_argument("--url", help="address of the server (default: the one that runs on the data directory)")
    parser.add_argument("--no-live", action="store_true", help="leave out the run that takes ten seconds")
    add_flags(parser, ["data_dir", "key", *CLIENT_TLS])


def run(arguments: argparse.Namespace) -> int:
    """Send all runs and print their addresses."""
    client = server_client(read_settings(vars(arguments)), arguments.url)
    marker = secrets.token_hex(3)
    for position, sample in enumerate(FINISHED):
        spans = len(FINISHED) - position
        recorder = _recorder(sample, time.time_ns() - spans * RUN_INTERVAL_NS, marker)
        _send(client, export_request(recorder.record()))
        print(f"  {client.url}{trace_url(recorder.trace_id)}  {sample.title}")
    if not arguments.no_live:
        _stream(client, marker)
    print(f"All of them: {client.url}/traces")
    return 0


def _recorder(sample: Run, start_unix_nano: int, marker: str) -> RunRecorder:
    return RunRecorder(sample, start_unix_nano, f"{sample.conversation}-{marker}")


def _stream(client: ApiClient, marker: str) -> None:
    """Send each span of the live run when it ends."""
    recorder = _recorder(LIVE, time.time_ns(), marker)
    spans = recorder.record()
    seconds = (spans[-1].end_time_unix_nano - time.time_ns()) / SECOND_NS
    print(f"  {client.url}{trace_url(recorder.trace_id)}  {LIVE.title}; open it within {seconds:.0f} s", flush=True)
    for span in spans:
        time.sleep(max(0.0, (span.end_time_unix_nano - time.time_ns()) / SECOND_NS))
        _send(client, export_request([span]))


def _send(client: ApiClient, body: bytes) -> None:
    client.post("/v1/traces", body, "application/x-protobuf")
