"""packaging/rainbarrel.service says the same as the program: settings, command, how it is stopped."""

import re
from configparser import RawConfigParser
from pathlib import Path

from web.cli import COMMANDS
from web.processes.supervisor import PROCESSOR_STOP_S
from web.settings import TABLE, Settings

UNIT = Path(__file__).resolve().parents[2] / "packaging" / "rainbarrel.service"
SYSTEMD = {  # what systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.kill(5) name
    "Unit": {"Description", "After", "Wants"},
    "Service": {
        *("Type", "ExecStart", "Environment", "EnvironmentFile", "DynamicUser", "StateDirectory", "StateDirectoryMode"),
        *("KillMode", "TimeoutStopSec", "Restart", "RestartSec", "LimitNOFILE", "NoNewPrivileges", "ProtectSystem"),
        *("ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelTunables", "ProtectKernelModules"),
        *("ProtectControlGroups", "RestrictAddressFamilies", "RestrictSUIDSGID", "LockPersonality"),
        *("CapabilityBoundingSet", "UMask"),
    },
    "Install": {"WantedBy"},
}


def unit() -> RawConfigParser:
    """The unit; a key that stands twice in a section is refused."""
    parser = RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text())
    return parser


def test_sections_and_keys_are_those_of_systemd() -> None:
    found = unit()
    assert {section: set(found[section]) for section in found.sections()} == SYSTEMD
    for line in UNIT.read_text().splitlines():
        assert re.fullmatch(r"#.*|\[\w+\]|\w+=.*|", line), line
        assert line.startswith("#") or " #" not in line, f"systemd knows no comment behind a value: {line}"


def test_command_and_settings_are_real() -> None:
    service = unit()["Service"]
    program, command, *options = service["ExecStart"].split()
    assert program.startswith("/")
    assert command in COMMANDS
    assert set(options) <= {setting.flag for setting in TABLE}
    name, _, value = service["Environment"].partition("=")
    (setting,) = (setting for setting in TABLE if setting.variable == name)
    assert setting.parse(value) == Path("/var/lib") / service["StateDirectory"]
    assert service["DynamicUser"] == "yes"


def test_a_stop_has_the_time_that_the_supervisor_takes() -> None:
    service = unit()["Service"]
    assert service["KillMode"] == "mixed"  # children are stopped by the supervisor, in order
    fronts_s, postgresql_s = Settings().drain_timeout_s + 5, 30
    assert int(service["TimeoutStopSec"]) > fronts_s + PROCESSOR_STOP_S + postgresql_s
