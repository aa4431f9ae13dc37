"""What does `ostiary check` answer, and what does it leave alone?"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.surroundings import ENVIRONMENT
from tests.unit.config.files import SOUND, changed

from ostiary.cli.run import run


@pytest.fixture
def sound(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    file = furnished / "gateway.yaml"
    file.write_text(SOUND)
    return file


@pytest.fixture
def wrong(sound: Path) -> Path:
    sound.write_text(changed(("[bank, partner]", "[bnak, partner]")))
    return sound


@pytest.fixture
def doubtful(sound: Path) -> Path:
    sound.write_text(changed(("{vault: local}", "{vault: local, version: 3}")))
    return sound


def test_a_sound_file_is_a_yes(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(sound)]) == 0
    assert capsys.readouterr().out == f"{sound}: no problems\n"


def test_a_mistake_is_a_no(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(wrong)]) == 1
    assert "did you mean 'bank'?" in capsys.readouterr().out


def given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_file_may_come_on_standard_input_and_its_paths_count_from_here(
    sound: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(sound.parent)
    given(sound.read_text(), monkeypatch)
    assert run(["check", "-"]) == 0
    assert capsys.readouterr().out == "<stdin>: no problems\n"
    given(changed(("[bank, partner]", "[bnak, partner]")), monkeypatch)
    assert run(["check", "-"]) == 1
    assert "<stdin>:" in capsys.readouterr().out


def test_an_overlay_may_come_on_standard_input(
    sound: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given("isuers: {}\n", monkeypatch)
    assert run(["check", str(sound), "--overlay", "-"]) == 1
    told = capsys.readouterr().out
    assert "unknown key 'isuers'" in told
    assert "<stdin>:1:1" in told


def test_a_gateway_is_served_from_a_file_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "-"]) == 2
    assert "name a file" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no /dev/zero")
def test_a_file_without_an_end_is_one_that_is_too_large(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "/dev/zero"]) == 1
    assert "error[C110] the file is larger than 2 MiB" in capsys.readouterr().out


def test_what_is_laid_over_is_judged_too_and_a_mistake_in_it_has_its_place(
    sound: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    over, more = sound.parent / "over.yaml", sound.parent / "more.yaml"
    over.write_text("drain_timeout: 7s\n")
    more.write_text("\nisuers: {}\n")
    assert run(["check", str(sound), "--overlay", str(over)]) == 0
    assert capsys.readouterr().out == f"{sound} + {over}: no problems\n"
    assert run(["check", str(sound), "--overlay", str(over), "--overlay", str(more), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["overlays"] == [str(over), str(more)]
    assert (document["problems"][0]["file"], document["problems"][0]["line"]) == (str(more), 2)
    monkeypatch.setenv("OSTIARY_OVERLAY", f"{over}{os.pathsep}{more}")
    assert run(["check", str(sound)]) == 1
    assert run(["check", str(sound), "--overlay", str(sound.parent / "missing.yaml")]) == 3


def test_a_warning_is_a_yes_unless_it_is_to_count(doubtful: Path) -> None:
    assert run(["check", str(doubtful)]) == 0
    assert run(["check", str(doubtful), "--warn-as-error"]) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["check", "{}"],
        ["serve", "{}"],
        ["explain", "GET", "https://localhost/", "-c", "{}"],
        ["recipe", "nginx", "-c", "{}"],
        ["vault", "list", "-c", "{}"],
        ["keys", "list", "-c", "{}"],
    ],
    ids=lambda words: words[0],
)
def test_a_file_that_is_not_there_cannot_be_judged(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = str(tmp_path / "nowhere.yaml")
    assert run([word.format(nowhere) for word in command]) == 3
    told = capsys.readouterr().err
    assert told.startswith(f"error: the file cannot be read: No such file or directory ({nowhere})\n")
    assert "OSTIARY_CONFIG" in told


def test_programs_are_told_so_by_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(tmp_path / "nowhere.yaml"), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "C512"


@pytest.mark.parametrize("form", [["--json"], ["--format", "json"], ["--format", "sarif"]])
def test_programs_get_one_document(form: list[str], wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(wrong), *form]) == 1
    assert "C204" in json.dumps(json.loads(capsys.readouterr().out))


def test_github_gets_lines(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(wrong), "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=")


def test_the_file_may_be_named_by_the_environment(
    sound: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OSTIARY_CONFIG", str(sound))
    assert run(["check", "--verbose"]) == 0
    assert "from OSTIARY_CONFIG" in capsys.readouterr().err


def test_by_default_it_is_gateway_yaml_here(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSTIARY_CONFIG", raising=False)
    monkeypatch.chdir(sound.parent)
    assert run(["check"]) == 0


def test_it_is_plain_text_where_the_locale_is(wrong: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run(
        [sys.executable, "-m", "ostiary", "check", str(wrong)],
        env=environment,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout.isascii()
    assert ended.stderr == b""


def test_nothing_is_fetched(sound: Path) -> None:
    """CL-8: in a network namespace without interfaces the answer is the same."""
    unshare = shutil.which("unshare")
    alone = [unshare or "", "-Urn"]
    if unshare is None or subprocess.run([*alone, "true"], capture_output=True, timeout=10, check=False).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("no network namespace is to be had")
        pytest.skip("no network namespace is to be had")
    ended = subprocess.run(
        [*alone, sys.executable, "-m", "ostiary", "check", str(sound)], capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout


def test_no_socket_is_made(sound: Path) -> None:
    """The same, where no network namespace is to be had: the interpreter tells of every socket."""
    program = (
        "import sys; from ostiary.cli.run import run\n"
        "def told(event, arguments):\n"
        "    if event.startswith('socket.'): raise SystemExit(99)\n"
        "sys.addaudithook(told)\n"
        f"sys.exit(run(['check', {str(sound)!r}]))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False).returncode == 0
