"""The table of settings: where values come from, what is refused, and that the docs list every row."""

import argparse
from pathlib import Path

import pytest

from web.rules.loop_settings import loop_thresholds
from web.settings import (
    MIB,
    TABLE,
    BadSetting,
    Settings,
    add_flags,
    child_environment,
    read_settings,
    unknown_variables,
)

DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_a_flag_wins_over_the_environment_and_that_over_the_default():
    environment = {"RAINBARREL_HTTP_PORT": "5000", "RAINBARREL_WORKERS": "3"}
    settings = read_settings({"http_port": "6000", "workers": None}, environment)
    assert (settings.http_port, settings.workers, settings.grpc_port) == (6000, 3, 4317)


def test_nothing_given_gives_the_defaults():
    assert read_settings({}, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("data_dir", "/tmp/some/where", Path("/tmp/some/where")),
        ("request_bytes_max", "1000", 1000),
        ("request_bytes_max", "16MiB", 16 * MIB),
        ("queue_bytes_max", "1g", 1024 * MIB),
        ("insecure", "Yes", True),
        ("insecure", "off", False),
        ("settle_delay_s", "0.5", 0.5),
        ("log_level", "WARNING", "warning"),
    ],
)
def test_values_are_understood(name, text, value):
    assert getattr(read_settings({}, {f"RAINBARREL_{name.upper()}": text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("http_port", "x"),
        ("http_port", "65536"),
        ("grpc_port", "-1"),
        ("workers", "0"),
        ("retention_days", "0"),
        ("retention_days", "1.5"),
        ("request_bytes_max", "0"),
        ("request_bytes_max", "many"),
        ("insecure", "perhaps"),
        ("settle_delay_s", "nan"),
        ("log_level", "loud"),
        ("data_dir", ""),
        ("data_dir", "~no-such-user/data"),
        ("database_url", "nonsense"),
        ("database_url", "mysql://host/database"),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_source(name, text):
    with pytest.raises(BadSetting, match=f"^RAINBARREL_{name.upper()}: .*{text}"):
        read_settings({}, {f"RAINBARREL_{name.upper()}": text})
    with pytest.raises(BadSetting, match=f"^--{name.replace('_', '-')}: .*{text}"):
        read_settings({name: text}, {})


def test_a_connection_string_is_refused_with_the_reason():
    with pytest.raises(BadSetting, match=r"^--database-url: no connection string, such as .*: .*sslmod"):
        read_settings({"database_url": "postgresql://host/database?sslmod=require"}, {})
    assert read_settings({"database_url": ""}, {}).database_url == ""  # as compose files write "not given"


def test_every_setting_is_an_option():
    parser = argparse.ArgumentParser()
    add_flags(parser, [row.name for row in TABLE])
    arguments = parser.parse_args(["--insecure", "--http-port", "0", "--request-bytes-max", "1MiB"])
    settings = read_settings(vars(arguments), {})
    assert (settings.insecure, settings.http_port, settings.request_bytes_max) == (True, 0, MIB)
    assert all(row.flag in parser.format_help() for row in TABLE)


def test_a_misspelt_variable_is_told():
    said = unknown_variables({"RAINBARREL_HTTPPORT": "1", "RAINBARREL_WORKERS": "1", "RAINBARREL_TEST_X": "1", "A": ""})
    assert said == ["RAINBARREL_HTTPPORT is no setting and has no effect; did you mean RAINBARREL_HTTP_PORT?"]


def test_children_read_back_the_settings_of_their_supervisor(tmp_path):
    settings = Settings(
        data_dir=tmp_path, insecure=True, workers=2, settle_delay_s=1.5, request_bytes_max=12345, log_level="debug"
    )
    child = read_settings({}, child_environment(settings, "postgresql://somewhere"))
    assert child.database_url == "postgresql://somewhere"
    assert [getattr(child, row.name) for row in TABLE if row.name != "database_url"] == [
        getattr(settings, row.name) for row in TABLE if row.name != "database_url"
    ]


def test_the_docs_list_every_setting_with_its_default():
    lines = DOCS.read_text().splitlines()
    rows = {line.split("|")[1].strip(): line for line in lines if line.startswith("| `--")}
    assert rows.keys() == {f"`{row.flag}`" for row in TABLE}
    for row in TABLE:
        cells = [cell.strip() for cell in rows[f"`{row.flag}`"].split("|")]
        assert cells[2:4] == [f"`{row.variable}`", row.default]
        assert cells[4] == row.help


def test_the_patience_with_waiting_is_never_shorter_than_the_other():
    assert loop_thresholds(read_settings({"loop_repeats_min": "20"}, {})).waiting_repeats_min == 20
    with pytest.raises(BadSetting, match="--loop-repeats-min: 1 is not a number of repeats between 2 and 1000"):
        read_settings({"loop_repeats_min": "1"}, {})
