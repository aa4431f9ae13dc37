"""What do shells offer behind `ostiary`? (CL-9)"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ostiary.cli.completion import Shell, script
from ostiary.cli.table import installed

TYPED = {
    "che": {"check"},
    "vault ro": {"rotate"},
    "check --f": {"--format"},
    "check --format j": {"json"},
    "check --format ": {"human", "json", "github", "sarif"},
    "check gateway.yaml --f": {"--format"},
    "vault put alias --secret-s": {"--secret-stdin"},
    "explain GET https://a.example/ --tok": {"--token"},
    "completion z": {"zsh"},
    "help vau": {"vault"},
}
FILES = ("check --overlay ", "vault put --secret-file ")
ZSH = """\
compdef() { : }
compadd() { print -rl -- ${(P)2} }
_files() { print FILES }
"""


def said(*command: str) -> list[str]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is needed")
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.split()


def bash(typed: str) -> list[str]:
    words = ["ostiary", *typed.split(" ")]
    array = " ".join(f"'{word}'" for word in words)
    ask = f"COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _ostiary; echo ${{COMPREPLY[@]}}"
    return said("bash", "-c", f"{script('bash')}\n{ask}") or ["FILES"]  # which `-o default` offers then


def zsh(typed: str) -> list[str]:
    words = ["ostiary", *typed.split(" ")]
    array = " ".join(f"'{word}'" for word in words)
    offered = said("zsh", "-f", "-c", f"{ZSH}{script('zsh')}\nwords=({array}); CURRENT={len(words)}; _ostiary")
    return [word for word in offered if word.startswith(words[-1]) or word == "FILES"]


def fish(typed: str) -> list[str]:
    return said("fish", "--no-config", "-c", f"{script('fish')}\ncomplete -C 'ostiary {typed}'")


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("ask", [bash, zsh, fish])
def test_what_fits_is_offered_wherever_the_cursor_stands(ask, typed: str) -> None:
    assert set(ask(typed)) - {"FILES"} == TYPED[typed]


@pytest.mark.parametrize("typed", FILES)
@pytest.mark.parametrize("ask", [bash, zsh])
def test_where_an_option_wants_a_file_files_are_offered_and_nothing_else(ask, typed: str) -> None:
    assert ask(typed) == ["FILES"]


def test_fish_offers_files_where_an_option_wants_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "over.yaml").touch()
    assert fish("check --overlay ") == ["over.yaml"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_every_command(shell: Shell) -> None:
    assert all(name in script(shell) for name in installed())


def test_zsh_answers_the_first_time_it_is_asked() -> None:
    """It loads a function from a file when it is wanted, and runs the file in its place."""
    loaded = f'{ZSH}autoload() {{ eval "_ostiary() {{ $1 }}" }}\nwords=(ostiary che); CURRENT=2\n'
    offered = said("zsh", "-f", "-c", f"{loaded}_ostiary() {{\n{script('zsh')}\n}}\n_ostiary")
    assert "check" in offered
