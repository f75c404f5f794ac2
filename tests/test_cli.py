"""The command line as an instructor and a reader type it."""

import contextlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys

import pytest
import typer
from grading import VAE, notebook

from autograder import cli
from autograder.jail.errors import SandboxMissing
from autograder.places import Places
from autograder.pool import PoolFailed


def run(*arguments, cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "autograder.cli", *map(str, arguments)], capture_output=True, text=True, cwd=cwd, env=os.environ | {"COLUMNS": "120"})


def commands(command=None, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Every command with its words, groups too."""
    command = command or typer.main.get_command(cli.app)
    found = [(path, command)]
    for name, below in getattr(command, "commands", {}).items():
        found += commands(below, (*path, name))
    return found


def examples(command) -> list[list[str]]:
    """The words of a help text's examples, without the program's name."""
    return [shlex.split(line)[1:] for line in re.findall(r"`(autograder [^`]+)`", (command.help or "").partition("Example")[2])]


@pytest.mark.parametrize("path, command", commands(), ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_every_help_has_examples_that_parse(path, command):
    assert examples(command), path
    for words in examples(command):
        assert tuple(words[: len(path)]) == path
        found, command_below, taken = "", typer.main.get_command(cli.app), 0
        while hasattr(command_below, "commands"):
            found, command_below, taken = words[taken], command_below.commands[words[taken]], taken + 1
        command_below.make_context(found, words[taken:])  # raises for an option or argument that it does not know


def test_help_says_the_exit_codes():
    said = " ".join(run("--help").stdout.split())
    for code, meaning in {0: "done", 1: "asks for a person", 2: "wrong use", 3: "no sandbox", 4: "a fault", 130: "Ctrl-C"}.items():
        assert re.search(rf"\b{code} [^;]*{meaning}", said), code
    readme = " ".join((Places.here().root / "autograder" / "README.md").read_text().split())
    assert all(f"| {code} |" in readme for code in (0, 1, 2, 3, 4, 130))


@pytest.mark.parametrize("error, code, said", [
    (SandboxMissing("no namespaces here"), 3, "no namespaces here"), (PoolFailed("no worker starts"), 3, "no worker starts"),
    (RuntimeError("a bug"), 4, "should not have happened"), (KeyboardInterrupt(), 130, "stopped"), (OSError(28, "No space left on device"), 2, "No space left"),
])  # fmt: skip
def test_exit_codes_tell_what_stopped_a_run(error, code, said, monkeypatch, tmp_path, capsys):
    class Stopped:
        def __enter__(self):
            raise error

        def __exit__(self, *_exception):
            return False

    (tmp_path / f"{VAE}.ipynb").write_bytes(notebook(blank=True))
    monkeypatch.setattr(cli, "graders", lambda *_: Stopped())
    monkeypatch.setattr(sys, "argv", ["autograder", "grade", str(tmp_path), "-a", VAE])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code and said in capsys.readouterr().err


def on_a_terminal(*arguments) -> bytes:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")} | {"TERM": "xterm-256color", "COLUMNS": "120"}
    subprocess.run([sys.executable, "-m", "autograder.cli", *arguments], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # the end of a terminal
        while chunk := os.read(ours, 65536):
            written += chunk
    os.close(ours)
    return written


@pytest.mark.parametrize("arguments", [("grade", "nowhere"), ("course", "--help")], ids=" ".join)
def test_colour_on_a_terminal_and_none_in_a_pipe(arguments):
    piped = run(*arguments)
    assert b"\x1b[" in on_a_terminal(*arguments)
    assert "\x1b" not in piped.stdout + piped.stderr


def test_grade_writes_the_documented_json(tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / f"{VAE}.ipynb").write_bytes(notebook(blank=True))
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / f"{VAE}.ipynb").write_bytes(b"")
    done = run("grade", tmp_path, "--json", tmp_path / "out.json", "--json-dir", tmp_path / "each", "-w", 1, "--seed", 3)
    results = {result["student"]: result for result in json.loads((tmp_path / "out.json").read_text())}
    assert done.returncode == 1, done.stderr  # one asks for a person
    assert set(results) == {"ada", "bob"} and results["bob"]["status"] == "ungradable" and results["ada"]["seed"] == 3
    keys = {"assignment", "student", "status", "reason", "score", "max_score", "seed", "seconds", "exercises"}
    assert keys <= set(results["ada"]) and {"name", "points", "max_points", "outcome", "misconception", "message"} <= set(results["ada"]["exercises"][0])
    assert len(list((tmp_path / "each").iterdir())) == 2
    assert "\x1b[" not in done.stdout


@pytest.mark.parametrize("arguments, said", [(["grade", "nowhere"], "there is no nowhere"), (["course", "feedback", VAE], "no graded submissions"), (["stats", "09_nothing"], "known are 01_"), (["release", "09_nothing"], "no assignment"), (["course", "export", VAE, "-f", "xml"], "unknown format")])  # fmt: skip
def test_wrong_use_is_explained(arguments, said, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_notebook_is_asked_about(tmp_path):
    (tmp_path / "homework.ipynb").write_bytes(notebook())
    done = run("check", tmp_path / "homework.ipynb")
    assert done.returncode == 2 and "--assignment" in done.stderr
