"""Does the unit for systemd start what there is, and give it no more than it needs?"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ostiary.cli.run import command
from ostiary.cli.table import installed
from ostiary.config.schema import GatewaySpec

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy/systemd/ostiary.service"
WORST = 15
"""Exposure, in tenths, as `systemd-analyze security` counts it; its own word for less than 20 is OK."""


def settings(name: str) -> list[str]:
    """What a setting says, each time that it is there; comments do not count."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.mark.parametrize("setting", ["ExecStartPre", "ExecStart"])
def test_what_it_starts_is_a_command_of_ours(setting: str) -> None:
    (line,) = settings(setting)
    program, name, *rest = shlex.split(line)
    assert Path(program).name == "ostiary"
    known = {option for parameter in command(installed()[name]).params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-")} <= known


def test_what_is_under_way_may_end_before_it_is_killed() -> None:
    (stop,) = settings("TimeoutStopSec")
    usual = GatewaySpec.model_fields["drain_timeout"].default
    assert float(stop.removesuffix("s")) > usual
    assert settings("KillMode") == ["mixed"]  # the supervisor ends its workers; they are not told by systemd as well


@pytest.mark.distant
def test_systemd_finds_no_mistake_in_it_and_little_to_fear(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is needed")
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/ostiary/bin/ostiary", shutil.which("true") or "/bin/true"))
    for words in (["verify", "--man=no"], ["security", "--offline=true", f"--threshold={WORST}"]):
        done = subprocess.run([analyze, *words, here], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
