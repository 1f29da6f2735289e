"""Every command explains itself, errors are sentences, and the docs know all commands."""

import logging
from importlib import import_module
from pathlib import Path

import pytest

from web import cli

DOCS = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


@pytest.fixture(autouse=True)
def root_logger():
    """A command sets up the logs of its process, which is ours here."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: rainbarrel {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_examples_are_real_options(name, capsys):
    module = import_module(f"web.commands.{cli.COMMANDS[name][0]}")
    options = {word for line in module.EXAMPLES.splitlines() if f"rainbarrel {name}" in line for word in line.split()}
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    text = capsys.readouterr().out
    assert all(option in text.split("examples:")[0] for option in options if option.startswith("--"))


def test_the_overview_names_every_command(capsys):
    assert cli.main([]) == 2
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in cli.COMMANDS)


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["sevre"])
    assert ended.value.code == 2
    assert "there is no command 'sevre'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["serve", "--http-port", "x"], "--http-port: 'x' is not a port number"),
        (["keys", "create"], "create needs --kind and --name"),
        (["keys", "revoke", "x"], "Say which key, by its number"),
        (["projects", "archive"], "Say which project"),
        (["receive"], "Pass --database-url"),
        (["process"], "Pass --database-url"),
        (["web"], "Pass --database-url"),
        (["inspect", "/does/not/exist"], "/does/not/exist: No such file or directory"),
        (["inspect", __file__], "no OTLP"),
        (["export", "xyz"], "'xyz' is no trace id"),
        (["demo", "--url", "ftp://x"], "is no address of a server"),
        (["demo", "--url", "http://127.0.0.1:1"], "No server answers at http://127.0.0.1:1"),
    ],
)
def test_an_expected_failure_is_one_sentence(words, sentence, capsys, monkeypatch):
    monkeypatch.delenv("RAINBARREL_DATABASE_URL", raising=False)
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"rainbarrel {words[0]}: ")
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["demo", "export", "import", "migrate"])
def test_without_a_server_a_command_says_how_to_get_one(name, tmp_path, capsys):
    words = {"export": ["0" * 31 + "1"], "import": [__file__]}.get(name, [])
    assert cli.main([name, *words, "--data-dir", str(tmp_path)]) == 1
    assert "rainbarrel serve" in capsys.readouterr().err


def test_the_docs_have_a_section_for_every_command():
    headings = {line.removeprefix("## ").strip() for line in DOCS.read_text().splitlines() if line.startswith("## ")}
    assert {f"`{name}`" for name in cli.COMMANDS} <= headings
