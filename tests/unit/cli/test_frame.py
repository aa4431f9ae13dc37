"""What does every command have in common? (CL-1, CL-2, CL-4)"""

from __future__ import annotations

import errno
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from ostiary.cli import table
from ostiary.cli.frame import Exit, Failure, emit, fail
from ostiary.cli.run import run
from ostiary.cli.table import Entry
from ostiary.config.problem import ConfigInvalid, Problem, Source
from ostiary.errors import ConfigError

SECRET = "hunter2-hunter2"
ENDINGS: dict[str, tuple[Callable[[], object], Exit]] = {}


def ending(code: Exit) -> Callable[[Callable[[], object]], Callable[[], object]]:
    def keep(function: Callable[[], object]) -> Callable[[], object]:
        ENDINGS[function.__name__] = function, code
        return function

    return keep


@ending(Exit.YES)
def returns() -> None:
    emit({"answer": "yes"})


@ending(Exit.NO)
def says_no() -> None:
    fail("a.word", "it is not so", hint="do otherwise", where="there")


@ending(Exit.UNKNOWN)
def cannot_know() -> None:
    fail("vault.unreachable", "the vault does not answer", exit_code=Exit.UNKNOWN)


@ending(Exit.UNKNOWN)
def meets_the_system() -> None:
    Path("/nowhere/at/all").read_bytes()


@ending(Exit.NO)
def has_a_bad_configuration() -> None:
    raise ConfigInvalid([Problem("C101", "unknown key 'a'")], Source("gateway.yaml"))


@ending(Exit.NO)
def has_a_bad_setting() -> None:
    raise ConfigError("upstreams.a: it cannot be")


@ending(Exit.BUG)
def is_wrong() -> None:
    secret = SECRET
    raise RuntimeError(f"it was {secret}")


@ending(Exit.BUG)
def is_wrong_twice() -> None:
    try:
        {}[SECRET]
    except KeyError as error:
        raise ValueError(SECRET) from error


@ending(Exit.INTERRUPTED)
def is_interrupted() -> None:
    raise KeyboardInterrupt


@ending(Exit.INTERRUPTED)
def is_given_up() -> None:
    raise typer.Abort


@ending(Exit.UNKNOWN)
def leaves() -> None:
    raise typer.Exit(int(Exit.UNKNOWN))


def command_named(name: str, *, as_json: bool = False) -> int:
    return run([name, *(["--json"] if as_json else [])])


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every ending as a command of its own; reports go to the folder that is returned."""
    from tests.unit.cli import endings_as_commands as module  # noqa: PLC0415

    for name, (function, _) in ENDINGS.items():
        monkeypatch.setattr(module, name, module.with_json(function), raising=False)
    entries = tuple(Entry(name, f"{module.__name__}:{name}", table.RUN, "A test.") for name in ENDINGS)
    monkeypatch.setattr(table, "COMMANDS", (*table.COMMANDS, *entries))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("as_json", [False, True])
def test_every_ending_has_its_exit_code(name: str, as_json: bool) -> None:
    assert command_named(name, as_json=as_json) == ENDINGS[name][1]


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize("name", [name for name in ENDINGS if not name.startswith(("is_inter", "leaves"))])
def test_with_json_stdout_is_one_document_whatever_happens(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command_named(name, as_json=True)
    document = json.loads(capsys.readouterr().out)
    if ENDINGS[name][1] is not Exit.YES:
        assert {"code", "message", "hint", "where"} <= set(document["error"])


@pytest.mark.usefixtures("commands")
def test_without_json_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    command_named("says_no")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: it is not so (there)\n  help: do otherwise\n"


@pytest.mark.usefixtures("commands")
def test_a_bad_configuration_is_shown_as_check_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    command_named("has_a_bad_configuration")
    assert "error[C101] unknown key 'a'" in capsys.readouterr().err
    command_named("has_a_bad_configuration", as_json=True)
    assert json.loads(capsys.readouterr().out)["error"]["details"]["problems"][0]["code"] == "C101"


@pytest.mark.parametrize("name", ["is_wrong", "is_wrong_twice"])
def test_a_bug_of_ours_leaves_a_report_without_any_secret(
    name: str, commands: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command_named(name)
    (report,) = commands.glob("ostiary-*.txt")
    shown = capsys.readouterr()
    assert str(report) in shown.err
    assert "test_frame.py" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
    assert SECRET not in report.read_text() + shown.err + shown.out


@pytest.mark.usefixtures("commands")
def test_where_no_report_can_be_written_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    assert command_named("is_wrong") == Exit.BUG
    assert "no report can be written (No such file or directory)" in capsys.readouterr().err


def test_a_misspelt_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chek"]) == Exit.USAGE
    assert "did you mean `check`?" in capsys.readouterr().err


def test_a_misspelt_option_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--fromat", "json"]) == Exit.USAGE
    assert "did you mean `--format`?" in capsys.readouterr().err


def test_a_misspelt_word_of_an_option_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--format", "sarfi"]) == Exit.USAGE
    captured = capsys.readouterr().err
    assert "did you mean `sarif`?" in captured
    assert "Value error" not in captured


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve", "--workers", "0"], "--workers wants a number, 1 to 256"),
        (["serve", "--workers", "two"], "--workers wants a number, 1 to 256"),
        (["vault", "get", "x", "--version", "0"], "--version wants a number, at least 1"),
        (["explain", "--entry", "-1"], "--entry wants a number, at least 0"),
    ],
)
def test_a_number_that_is_none_is_refused_in_our_words(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == Exit.USAGE
    assert capsys.readouterr().err.startswith(f"error: {told}\n")


def test_an_address_that_is_taken_is_told_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def taken(*_: object) -> None:
        said = OSError(errno.EADDRINUSE, "Address already in use")
        raise ConfigError("bind: 127.0.0.1:443 cannot be bound") from said

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("ostiary.cli.serve._serve", taken)
    assert run(["serve", str(tmp_path / "gateway.yaml")]) == Exit.NO
    assert "`ss -ltnp` says who listens there" in capsys.readouterr().err


def test_an_argument_too_many_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be a secret that was meant for stdin."""
    assert run(["version", SECRET]) == Exit.USAGE
    captured = capsys.readouterr()
    assert SECRET not in captured.err + captured.out


def test_wrong_usage_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version", "--jsno", "--json"]) == Exit.USAGE
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_json_behind_two_dashes_is_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "--", "--json"]) == Exit.USAGE
    assert capsys.readouterr().out == ""


def test_a_command_that_is_not_installed_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "COMMANDS", (*table.COMMANDS, Entry("gone", "ostiary.cli.gone:gone", table.RUN, "")))
    assert run(["--help"]) == Exit.YES
    assert run(["gone"]) == Exit.USAGE


def test_a_failure_is_raised_with_what_it_was_given() -> None:
    with pytest.raises(Failure) as caught:
        fail("a.b", "c", hint="d", where="e", exit_code=Exit.UNKNOWN)
    assert caught.value.as_json() == {"error": {"code": "a.b", "message": "c", "hint": "d", "where": "e"}}
