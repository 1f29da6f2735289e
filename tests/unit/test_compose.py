"""compose.yaml and Dockerfile say the same as the program: settings, ports, addresses, paths."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from web.settings import TABLE, Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SETTINGS = {setting.variable: setting for setting in TABLE}
SHELL_DEFAULT = re.compile(r"\$\{\w+:-(.*?)\}")


def resolved(service: str, key: str) -> Any:
    """A part of a service with every ${NAME:-default} at its default."""
    return json.loads(SHELL_DEFAULT.sub(r"\1", json.dumps(COMPOSE["services"][service][key])))


def instruction(name: str) -> list[str]:
    (found,) = re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)
    words: list[str] = json.loads(found) if found.startswith("[") else found.split()
    return words


def test_ports_are_the_defaults_and_published_on_this_machine_only() -> None:
    expected = [f"127.0.0.1:{port}:{port}" for port in (Settings().grpc_port, Settings().http_port)]
    assert resolved("rainbarrel", "ports") == expected
    assert "ports" not in COMPOSE["services"]["timescaledb"]
    assert instruction("EXPOSE") == [str(Settings().grpc_port), str(Settings().http_port)]


def test_environment_names_are_settings_with_valid_values() -> None:
    environment = resolved("rainbarrel", "environment")
    assert set(environment) <= set(SETTINGS)
    for name, value in environment.items():
        SETTINGS[name].parse(str(value))
    assert environment["RAINBARREL_RETENTION_DAYS"] == str(Settings().retention_days)
    assert set(re.findall(r"RAINBARREL_\w+", DOCKERFILE)) <= set(SETTINGS)
    assert set(re.findall(r"\$\{(RAINBARREL_\w+)", (ROOT / "compose.yaml").read_text())) <= set(SETTINGS)


def test_the_database_url_names_the_database_service() -> None:
    url = urlsplit(resolved("rainbarrel", "environment")["RAINBARREL_DATABASE_URL"])
    database = resolved("timescaledb", "environment")
    assert (url.hostname, url.port) == ("timescaledb", 5432)
    assert (url.username, url.password) == (database["POSTGRES_USER"], database["POSTGRES_PASSWORD"])
    assert url.path == "/" + database["POSTGRES_DB"]
    assert COMPOSE["services"]["rainbarrel"]["depends_on"] == {"timescaledb": {"condition": "service_healthy"}}


def test_the_database_image_is_pinned() -> None:
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg\d+", COMPOSE["services"]["timescaledb"]["image"])


def test_volumes_are_declared() -> None:
    used = {mount.partition(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_the_container_runs_unprivileged_on_its_own_addresses() -> None:
    assert instruction("USER") != ["root"]
    command = instruction("CMD")
    assert command == ["serve", "--host", "0.0.0.0", "--insecure"]
    assert {word for word in command if word.startswith("--")} <= {setting.flag for setting in TABLE}
    assert f"RAINBARREL_DATA_DIR={instruction('VOLUME')[0]}" in DOCKERFILE


def test_the_health_check_asks_the_http_port() -> None:
    assert f"http://127.0.0.1:{Settings().http_port}/readyz" in DOCKERFILE
