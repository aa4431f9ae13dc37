"""Does the tree hold anything that must never be committed?"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}")
INDEX = re.compile(r"https?://\S+/simple\b|--(extra-)?index-url\b|\"resolved\":\s*\"https?://|registry\s*=\s*https?://")


def committed() -> list[tuple[str, str]]:
    """Every text file that git knows, with its name."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout")
    command = ["git", "-c", "safe.directory=*", "ls-files"]  # also when the checkout is somebody else's
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    paths = [ROOT / name for name in names if name]
    return [(str(path.relative_to(ROOT)), path.read_text(errors="replace")) for path in paths if path.is_file()]


def matching(pattern: re.Pattern[str]) -> list[str]:
    return [name for name, text in committed() if pattern.search(text)]


def test_there_is_no_private_key():
    assert matching(PRIVATE_KEY) == []


def test_nothing_says_which_package_index_it_came_from():
    assert matching(INDEX) == []


@pytest.fixture
def lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock", ROOT / "tools" / "lock.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_locks_are_in_step_with_what_is_declared(lock):
    assert [fault for name in lock.LOCKS for fault in lock.faults(name)] == []


@pytest.mark.parametrize(
    ("pins", "fault"),
    [
        ("a==1 \\\n    --hash=sha256:00\nb==2\n", "has no hash"),
        ("a==1 ; python_version < '3.12'\n", "has no hash"),
        ("--index-" + "url https://packages.example/\n", "names a package index"),
        ("a @ https://packages.example/a.whl\n", "names a package index"),
    ],
)
def test_a_lock_that_says_too_much_or_too_little_is_found(lock, tmp_path, monkeypatch, pins, fault):
    monkeypatch.setattr(lock, "FOLDER", tmp_path)
    (tmp_path / "runtime.txt").write_text(lock.head() + pins)
    assert [fault in found for found in lock.faults("runtime")] == [True]


def test_a_lock_of_other_dependencies_is_found(lock, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "FOLDER", tmp_path)
    (tmp_path / "runtime.txt").write_text("# made from something else\n")
    assert "older than" in lock.faults("runtime")[0]
