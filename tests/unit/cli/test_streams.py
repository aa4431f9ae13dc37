"""What becomes of a command whose streams are closed or full, or that is interrupted? (CL-1, CL-2)"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ostiary.cli.frame import Exit
from ostiary.cli.reading import read_text
from ostiary.cli.run import run

PROGRAM = "from ostiary.cli import main; main()"
ANYTHING = [["--help"], ["version"], ["version", "--json"], ["help"], ["chek"], ["chek", "--json"]]
FULL = Path("/dev/full")

INTERRUPTED = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            raise KeyboardInterrupt
sys.meta_path.insert(0, Finder())
"""


def shell(line: str, *, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell, in which $OSTIARY is the command line."""
    environ = os.environ | {"OSTIARY": f"{sys.executable} -c '{program}'", "LC_ALL": "C.UTF-8"}
    line = line.replace("ostiary", 'eval "$OSTIARY"')
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False, env=environ)


@pytest.mark.parametrize("arguments", ANYTHING, ids=" ".join)
def test_a_closed_standard_output_is_nobody_who_listens(arguments: list[str]) -> None:
    ended = shell(f"ostiary {' '.join(arguments)} >&-")
    assert ended.returncode == (Exit.USAGE if "chek" in arguments else Exit.YES)
    assert "bug" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_closed_standard_error_takes_no_exit_code_away() -> None:
    assert shell("ostiary chek 2>&-").returncode == Exit.USAGE
    assert shell("ostiary chek >&- 2>&-").returncode == Exit.USAGE


def test_a_closed_standard_input_is_an_empty_one() -> None:
    ended = shell("ostiary token show - <&-")
    assert (ended.returncode, ended.stderr) == (Exit.NO, "error: it cannot be read: a signed token has three parts\n")


def test_no_file_is_opened_where_a_closed_stream_was() -> None:
    """Else it would be written to by whoever prints."""
    program = (
        "from ostiary.cli.streams import mend; mend(); import os; os.write(9, str(os.open(os.devnull, 0)).encode())"
    )
    ended = shell("ostiary 9>&1 >&- <&- 2>&-", program=program)
    assert int(ended.stdout) > 2


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("arguments", ANYTHING[:4], ids=" ".join)
def test_a_full_disk_is_told_in_a_line(arguments: list[str]) -> None:
    ended = shell(f"ostiary {' '.join(arguments)} >{FULL}")
    assert (ended.returncode, ended.stderr) == (Exit.UNKNOWN, "error: No space left on device\n")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
def test_what_cannot_be_told_at_all_still_has_its_exit_code() -> None:
    assert shell(f"ostiary chek >{FULL} 2>{FULL}").returncode == Exit.USAGE
    assert shell(f"ostiary chek --json >{FULL}").returncode == Exit.USAGE


@pytest.mark.parametrize("arguments", ANYTHING, ids=" ".join)
def test_a_reader_that_had_enough_hears_no_complaint_and_no_yes(arguments: list[str]) -> None:
    """It ends as every program does that SIGPIPE ends: a script with `pipefail` takes it for no answer."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", PROGRAM, *arguments]
    ended = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(write)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == (Exit.USAGE if "chek" in arguments else 128 + signal.SIGPIPE)


def interrupted_in(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command line into which a Ctrl-C comes while a module is imported."""
    program = INTERRUPTED.format(name=module) + PROGRAM
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "module",
    ["ostiary.cli.run", "ostiary.cli.streams", "ostiary.cli.table", "typer", "typer.main", "ostiary.cli.endings"],
)
def test_a_ctrl_c_is_quiet_whatever_is_just_imported(module: str) -> None:
    ended = interrupted_in(module, "check", "--fromat")
    assert (ended.returncode, ended.stdout, ended.stderr) == (Exit.INTERRUPTED, "", "")


def test_a_ctrl_c_is_quiet_while_the_help_is_made() -> None:
    ended = interrupted_in("ostiary.cli.screen", "--help")
    assert (ended.returncode, ended.stderr) == (Exit.INTERRUPTED, "")


def test_a_ctrl_c_before_a_gateway_serves_is_quiet(tmp_path: Path) -> None:
    """The configuration is read by a process of its own, which hears the keyboard as well if it is let."""
    for seconds in (0.3, 0.6, 0.9):
        command = [sys.executable, "-c", PROGRAM, "serve", str(tmp_path / "none.yaml")]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        time.sleep(seconds)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert "Traceback" not in told


def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "any.har"
    file.write_bytes(b"caf\xe9")
    assert run(["explain", "--har", str(file)]) == Exit.NO
    assert "error: the file is not UTF-8" in capsys.readouterr().err
    file.write_bytes(b"\xef\xbb\xbftext")
    assert read_text(file) == "text"


def test_a_name_that_would_colour_the_terminal_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "\x1b[31m\rred"]) == Exit.UNKNOWN
    told = capsys.readouterr().err
    assert r"(\x1b[31m\rred)" in told
    assert "\x1b" not in told
