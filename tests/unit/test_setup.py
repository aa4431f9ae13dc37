"""Does the set-up do its work once, and say so when it cannot?"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def setup(tmp_path, monkeypatch):
    """The set-up, in a folder of its own, with one lock; what it would run is written down."""
    spec = importlib.util.spec_from_file_location("setup_tool", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "LOG": tmp_path / ".venv" / "setup.log"}.items():
        monkeypatch.setattr(module, name, value)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    for name in ("build", "runtime"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}-tool==1 \\\n    --hash=sha256:00\n")
    module.installed = []
    monkeypatch.setattr(module, "install", lambda files: (prepare(module), module.installed.append(files)))
    monkeypatch.setattr(sys, "argv", ["setup.py", "runtime"])
    return module


def prepare(module) -> None:
    (module.VENV / "bin").mkdir(parents=True, exist_ok=True)
    (module.VENV / "bin" / "python").touch()
    version = "{}.{}.{}".format(*sys.version_info[:3])
    (module.VENV / "pyvenv.cfg").write_text(f"home = /x\nversion = {version}\n")


def test_it_installs_once(setup):
    setup.main()
    setup.main()
    assert len(setup.installed) == 1


def test_it_installs_again_when_a_lock_has_changed(setup):
    setup.main()
    (setup.ROOT / "requirements" / "runtime.txt").write_text("other==2 \\\n    --hash=sha256:00\n")
    setup.main()
    assert len(setup.installed) == 2


def test_it_installs_again_when_the_lock_is_changed_back(setup):
    lock = setup.ROOT / "requirements" / "runtime.txt"
    first = lock.read_text()
    for text in (first, "other==2\n", first):
        lock.write_text(text)
        setup.main()
    assert len(setup.installed) == 3


def test_it_installs_again_for_another_python(setup):
    setup.main()
    (setup.VENV / "pyvenv.cfg").write_text("version = 3.10.0\n")
    setup.main()
    assert len(setup.installed) == 2


def test_the_sources_are_found_from_a_folder_of_any_name_in_any_locale(setup, tmp_path):
    root = tmp_path / "Prüf Stand"
    setup.ROOT, setup.VENV = root, root / ".venv"
    packages = setup.VENV / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "_editable_impl_ostiary.pth").write_text(f"{root}/src", encoding="utf-8")
    setup.find_by_neighbourhood()
    (line,) = (packages / "_editable_impl_ostiary.pth").read_text().splitlines()
    assert line.isascii()
    assert (packages / line).resolve() == root / "src"


def test_an_old_python_is_told_so(setup, monkeypatch):
    monkeypatch.setattr(setup, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11"):
        setup.main()
    assert setup.installed == []


def test_a_failure_shows_the_end_of_the_log(setup):
    prepare(setup)
    command = [sys.executable, "-c", "print('no matching hash'); raise SystemExit(1)"]
    with pytest.raises(SystemExit, match="no matching hash"):
        list(setup.lines(command))


def test_it_counts_what_the_locks_name(setup):
    assert setup.pins(setup.locks(["runtime"])) == 2


def test_progress_ends_full(setup, capsys):
    setup.progress(
        "packages", 2, iter(["Collecting a==1 (from x)\n", "noise\n", "Collecting b==2\n", "Installing x\n"])
    )
    assert capsys.readouterr().out == "  packages [########################] 2/2\n"
