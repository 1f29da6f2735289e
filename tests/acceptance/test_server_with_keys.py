"""A server that other machines reach: its first key, the commands of keys, the page of keys, and doctor beside it."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.fix_server import RunningServer, running_server
from tests.run_cli import rainbarrel, request_json, span_json
from trace_store.access_keys import add_first_key
from trace_store.connections import connect_sync

TRACE_ID = "5" * 32


@pytest.fixture(scope="module")
def exposed() -> Iterator[RunningServer]:
    with running_server("--host", "0.0.0.0", "--workers", "2") as server:
        yield server


def first_key(server: RunningServer) -> str:
    key = server.admin_key()
    return str(key)


def send(server: RunningServer, key: str = "") -> int:
    headers = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
    body = request_json(span_json(TRACE_ID))
    return httpx.post(f"{server.url}/v1/traces", content=body, headers=headers, timeout=60).status_code


def test_the_first_key_is_printed_and_opens_everything(exposed: RunningServer) -> None:
    key = first_key(exposed)
    assert send(exposed) == 401
    assert send(exposed, key) == 200
    assert exposed.get("/api/stats").status_code == 401
    stats = httpx.get(f"{exposed.url}/api/stats", headers={"authorization": f"Bearer {key}"}, timeout=60)
    assert stats.json()["spans"] >= 1
    assert exposed.get("/readyz").status_code == 200


def test_commands_of_the_same_user_need_no_key(exposed: RunningServer) -> None:
    ended = rainbarrel("doctor", "--data-dir", exposed.data_dir)
    assert ended.returncode == 0, ended.stdout
    assert b"ok    test span over gRPC" in ended.stdout
    by_address = rainbarrel("doctor", "--url", exposed.url)
    assert by_address.returncode == 1
    assert b"An access key is needed" in by_address.stdout
    assert rainbarrel("doctor", "--url", exposed.url, "--key", first_key(exposed)).returncode == 0


def test_keys_are_made_listed_and_revoked(exposed: RunningServer) -> None:
    where = ("--data-dir", exposed.data_dir)
    assert rainbarrel("projects", "create", "shop", *where).returncode == 0
    made = rainbarrel("keys", "create", "--kind", "write", "--name", "agent", "--project", "shop", "--json", *where)
    row = json.loads(made.stdout)
    assert (row["kind"], row["projects"], row["key"].startswith("rb_write_")) == ("write", ["shop"], True)
    assert send(exposed, row["key"]) == 200
    listed = rainbarrel("keys", "list", *where).stdout.decode()
    assert row["shown"] in listed
    assert row["key"] not in listed
    assert rainbarrel("keys", "revoke", str(row["key_id"]), *where).returncode == 0
    again = rainbarrel("keys", "revoke", str(row["key_id"]), *where)
    assert (again.returncode, b"not revoked already" in again.stderr) == (1, True)
    unknown = rainbarrel("keys", "create", "--kind", "read", "--name", "x", "--project", "none", *where)
    assert (unknown.returncode, b"There is no project 'none'" in unknown.stderr) == (1, True)
    assert rainbarrel("projects", "archive", "shop", *where).returncode == 0
    assert b"shop  archived" in rainbarrel("projects", "list", *where).stdout
    assert rainbarrel("projects", "archive", "default", *where).returncode == 1


def test_the_page_shows_a_new_key_once(exposed: RunningServer) -> None:
    own = {"origin": exposed.url}
    with httpx.Client(base_url=exposed.url, timeout=60) as browser:
        signed_in = browser.post("/sign-in", data={"password": first_key(exposed)}, headers=own)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/traces")
        made = browser.post("/settings/keys", data={"kind": "write", "name": "<agent>", "project": ""}, headers=own)
        (key,) = set(re.findall(r"rb_write_[\w-]{43}", made.text))
        assert f"OTEL_EXPORTER_OTLP_HEADERS=x-api-key={key}" in made.text
        assert "&lt;agent&gt;" in made.text
        assert key not in browser.get("/settings/keys").text
        (row,) = (row for row in browser.get("/settings/keys.json").json()["keys"] if row["name"] == "<agent>")
        assert send(exposed, key) == 200
        ended = browser.post(f"/settings/keys/{row['key_id']}/revoke", headers=own)
        assert ended.status_code == 303
        assert "is revoked" in browser.get(ended.headers["location"]).text
        refused = browser.post("/settings/keys", data={"kind": "write", "name": ""}, headers=own)
        assert (refused.status_code, "name is a text" in refused.text) == (400, True)


def test_there_is_one_first_key(database: str) -> None:
    with connect_sync(database, "test") as connection:
        assert add_first_key(connection)
        assert add_first_key(connection) is None
