"""`python -m tests.faults.soak --kills 200`: two of each role as on several machines, killed at random under load.

Victims are receivers, processors, the web server and PostgreSQL (kill -9), and now and then every line to the database
is cut. Half of the processes that come back carry a failpoint and end by themselves at a random step of the data path.
In the end a second database takes the same requests without any disturbance: every table of both has to be equal.
"""

import argparse
import itertools
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # before gRPC: its fork handlers may crash what is forked

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from tests.agent_run import long_run
from tests.faults.crash_world import CrashWorld, crash_world, end_leases, wait_for_deliveries
from tests.faults.retrying_sender import GrpcExporter, HttpExporter, RetryingSenders, SpanKey
from tests.faults.role_process import Receiver, RoleProcess, Web, processor
from tests.faults.stored_spans import assert_each_is_stored_once, duplicates_by_receipts
from tests.faults.wait_until import wait_until
from tests.faults.whole_database import differences, wait_until_derived, whole_database
from tests.fix_proxy import DatabaseProxy, database_proxy

RECEIVING = ("receive", "decode", "commit", "mark", "committed")
PROCESSING = ("normalise", "derive", "derived", "alert", "deliver", "delivered")
LONG_S = 1200.0
PAUSE_S = 0.2  # between two requests of a sender: the load is steady, the machine is not full
SPANS_BETWEEN = 13  # acknowledged between two disturbances: they follow one another, not one outage ...
UNTIL_NEXT_S = (0.0, 0.6)  # ... at a random moment after that
VICTIMS = {"receive": 5, "process": 5, "web": 1, "postgresql": 3, "line": 1}  # how often each is chosen


class Requests:
    """Makes runs of agents, one trace a request, and keeps them to be sent again."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def make(self) -> tuple[bytes, dict[SpanKey, bytes]]:
        with self._lock:
            trace_id = next(self._numbers).to_bytes(16)
            spans = list(long_run(trace_id, 3, 3, stuck=False))
            resource_spans = ResourceSpans(scope_spans=[ScopeSpans(spans=spans)])
            body = ExportTraceServiceRequest(resource_spans=[resource_spans]).SerializeToString()
            self.bodies.append(body)
        return body, {(trace_id, span.span_id): span.SerializeToString() for span in spans}


class Roles:
    """Two receivers, two processors and a web server behind one proxy; what ended comes back."""

    def __init__(self, world: CrashWorld, proxy: DatabaseProxy, chance: random.Random) -> None:
        self._world, self._proxy, self._chance = world, proxy, chance
        self.kills: Counter[str] = Counter()
        self._armed: dict[int, str] = {}
        self.receivers: list[Receiver] = [self._receiver(None), self._receiver(None)]
        self.processors: list[RoleProcess] = [self._processor(), self._processor()]
        self.web = Web(proxy.conninfo, world.new_log("web"))

    def close(self) -> None:
        for role in (*self.receivers, *self.processors, self.web):
            role.kill()

    def disturb(self) -> None:
        """One disturbance, and before it the return of whatever has ended since the last one."""
        self.bring_back()
        victim = self._chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        if victim == "line":
            self._proxy.cut()
        elif victim == "postgresql":
            self._world.kill_database()
        elif victim == "web":
            self._read_while(self.web.kill)
        else:
            self._chance.choice(self.receivers if victim == "receive" else self.processors).kill()
        self.kills[victim] += 1

    def stop_processors(self) -> None:
        for process in self.processors:
            process.kill()

    def bring_back(self, *, armed: bool = True) -> None:
        """Start again what has ended; what ended by itself did so at its failpoint."""
        for number, receiver in enumerate(self.receivers):
            if receiver.has_ended:
                self._count(receiver)
                self.receivers[number] = self._receiver(receiver.ports, armed=armed)
        for number, process in enumerate(self.processors):
            if process.has_ended:
                self._count(process)
                self.processors[number] = self._processor(armed=armed)
        if self.web.has_ended:
            self.web = Web(self._proxy.conninfo, self._world.new_log("web"))

    def _count(self, role: RoleProcess) -> None:
        place = self._armed.pop(id(role), "")
        if not role.was_killed:
            assert place, role.log.read_text()[-4000:]
            assert role.return_code == -9, role.log.read_text()[-4000:]
            self.kills[f"by itself at {place}"] += 1

    def _receiver(self, ports: tuple[int, int] | None, *, armed: bool = False) -> Receiver:
        place, failpoint = self._failpoint(RECEIVING, armed)
        made = Receiver(self._proxy.conninfo, self._world.new_log("receive"), ports=ports, failpoints=failpoint)
        self._armed[id(made)] = place
        return made

    def _processor(self, *, armed: bool = False) -> RoleProcess:
        place, failpoint = self._failpoint(PROCESSING, armed)
        made = processor(self._proxy.conninfo, self._world.new_log("process"), failpoints=failpoint)
        self._armed[id(made)] = place
        return made

    def _failpoint(self, places: Sequence[str], armed: bool) -> tuple[str, str]:
        if not armed or self._chance.random() < 0.5:
            return "", ""
        place = self._chance.choice(places)
        return place, f"{place}=kill@{self._chance.randint(1, 9)}"

    def _read_while(self, fault: Callable[[], None]) -> None:
        """A reader is never told nonsense: it gets an answer, a retryable one, or none."""
        try:
            with httpx.stream("GET", self.web.url + "/api/traces", timeout=60) as response:
                fault()
                assert response.status_code in (200, 503), response.status_code
        except httpx.TransportError:
            fault()


def exporters_of(receivers: Sequence[Receiver]) -> list[Callable[[], HttpExporter | GrpcExporter]]:
    found: list[Callable[[], HttpExporter | GrpcExporter]] = []
    for receiver in receivers:
        found.append(partial(HttpExporter, receiver.url, 10.0))
        found.append(partial(GrpcExporter, receiver.grpc_endpoint, 10.0))
    return found


def soak(world: CrashWorld, kills_min: int, seed: int) -> None:
    """Prints what happened; AssertionError when anything is lost, doubled or derived in another way."""
    chance, requests, conninfo = random.Random(seed), Requests(), world.create_migrated()
    began = time.monotonic()
    with database_proxy(conninfo) as proxy, ExitStack() as stack:
        roles = Roles(world, proxy, chance)
        stack.callback(roles.close)
        for receiver in roles.receivers:
            receiver.wait_until_ready()
        senders = RetryingSenders(exporters_of(roles.receivers), requests.make, PAUSE_S)
        try:
            while killed(roles) < kills_min:
                go_on(roles, senders)
                time.sleep(chance.uniform(*UNTIL_NEXT_S))
                roles.disturb()
                print(f"\r{killed(roles)} kills, {len(senders.sent.acknowledged)} spans", end="", file=sys.stderr)
            roles.stop_processors()
            end_leases(conninfo)
            wait_until(lambda: back(roles), "all roles run again")
            sent = senders.finish(LONG_S)
        finally:
            senders.give_up()
        assert not sent.unanswered
        wait_until_derived(conninfo, LONG_S)
        wait_for_deliveries(conninfo, LONG_S)
    took_s = time.monotonic() - began
    assert_each_is_stored_once(conninfo, sent.acknowledged)
    other = undisturbed(world, requests.bodies)
    told = differences(whole_database(conninfo), whole_database(other))
    assert told == [], "\n".join(told[:20])
    report(roles, len(sent.acknowledged), len(sent.answers), duplicates_by_receipts(conninfo), took_s, seed)


def go_on(roles: Roles, senders: RetryingSenders) -> None:
    """Until more is acknowledged; what ends by itself meanwhile comes back."""
    enough = len(senders.sent.acknowledged) + SPANS_BETWEEN

    def is_enough() -> bool:
        roles.bring_back()
        return len(senders.sent.acknowledged) >= enough

    try:
        wait_until(is_enough, "more spans are acknowledged", 400.0)
    except AssertionError as error:
        logs = [role.log.read_text()[-1500:] for role in (*roles.receivers, *roles.processors)]
        raise AssertionError("\n".join([str(error), *logs])) from error


def killed(roles: Roles) -> int:
    return sum(count for what, count in roles.kills.items() if what != "line")


def back(roles: Roles) -> bool:
    roles.bring_back(armed=False)
    return not any(role.has_ended for role in (*roles.receivers, *roles.processors, roles.web))


def undisturbed(world: CrashWorld, bodies: Sequence[bytes]) -> str:
    """The same requests, once each, to one receiver and one processor that nobody disturbs."""
    conninfo = world.create_migrated()
    with (
        Receiver(conninfo, world.new_log("receive")) as receiver,
        processor(conninfo, world.new_log("process")),
    ):
        receiver.wait_until_ready()
        exporter = HttpExporter(receiver.url, 60.0)
        for body in bodies:
            assert exporter.send(body)[0] == "acknowledged"
        exporter.close()
        wait_until_derived(conninfo, LONG_S)
        wait_for_deliveries(conninfo, LONG_S)
    return conninfo


def report(roles: Roles, count: int, attempts: int, duplicates: int, took_s: float, seed: int) -> None:
    print(f"\nseed {seed}, {took_s:.0f} s: {killed(roles)} kills with -9, {roles.kills['line']} times all lines cut")
    for what, times in sorted(roles.kills.items()):
        print(f"  {what}: {times}")
    print(f"{count} spans acknowledged, 0 lost, 0 stored twice ({duplicates} were sent again and recognised)")
    print(f"{attempts} attempts of senders; every table equals that of an undisturbed run")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the choice of victims and moments")
    arguments = parser.parse_args()
    with crash_world() as world:
        soak(world, arguments.kills, arguments.seed)


if __name__ == "__main__":
    main()
