"""Make `.venv` ready: from a lock, with hashes, and only when something has changed.

    python3 tools/setup.py runtime|test|lint ...
    python3 tools/setup.py --compiled test ...      into .venv-compiled, with the data path in machine code

Needs nothing but Python 3.11 or newer with its own `venv` and `pip`. What was installed is remembered
in a stamp inside `.venv`, so that a second call takes no time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILED = "--compiled" in sys.argv[1:]
VENV = ROOT / (".venv-compiled" if COMPILED else ".venv")
LOG = VENV / "setup.log"
OLDEST = (3, 11)
STEPS = re.compile(r"\s*(Collecting|Using cached|Downloading|Requirement already satisfied: |Installing)\s*(\S*)")


def locks(names: list[str]) -> list[Path]:
    """Return the lock files to install: what builds the package, then what was asked for."""
    building = ("build", "compile") if COMPILED else ("build",)
    return [ROOT / "requirements" / f"{name}.txt" for name in (*building, *names)]


def stamp(files: list[Path]) -> str:
    """Return what `.venv` has to match: this Python, the locks, and how the package is built."""
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    sources = []
    if COMPILED:  # it does not follow the sources by itself
        sources = [*sorted((ROOT / "src").rglob("*.py")), ROOT / "tools" / "compile.py"]
    for file in [*files, ROOT / "pyproject.toml", *sources]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def pins(files: list[Path]) -> int:
    """Return how many packages the locks name."""
    return len({name for file in files for name in re.findall(r"^([a-z0-9._-]+)==", file.read_text(), re.MULTILINE)})


def lines(command: list[str], **environment: str) -> Iterator[str]:
    """Run a command, and give its lines as they come; they are kept in the log as well.

    Raises:
        SystemExit: the command failed. The end of the log has been shown.
    """
    with (
        LOG.open("a") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environment},
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            yield line
    if process.returncode != 0:
        tail = LOG.read_text().splitlines()[-25:]
        raise SystemExit("\n".join(["", *tail, f"set-up failed; the whole story is in {LOG}"]))


def show(text: str, *, final: bool = False) -> None:
    """Show where we are: one line that changes on a terminal, the final line only elsewhere."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}", end="\n" if final else "", flush=True)
    elif final:
        print(text, flush=True)


def progress(what: str, total: int, output: Iterator[str]) -> None:
    """Follow pip through `total` packages."""
    seen = 0
    for line in output:
        if step := STEPS.match(line):
            seen += step[1] in ("Collecting", "Requirement already satisfied: ")
            done = min(seen, total)
            bar = "#" * (24 * done // total)
            show(f"  {what} [{bar:<24}] {done}/{total} {step[2].split('=')[0]}")
    show(f"  {what} [{'#' * 24}] {total}/{total}", final=True)


def same_python() -> bool:
    """Whether `.venv` was made by this Python."""
    config = VENV / "pyvenv.cfg"
    version = "{}.{}.{}".format(*sys.version_info[:3])
    return config.exists() and f"version = {version}" in config.read_text() and (VENV / "bin" / "python").exists()


def install(files: list[Path]) -> None:
    """Install what the locks say, and nothing else, then the package itself."""
    if not same_python():
        print(f"  making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
        venv.create(VENV, clear=VENV.exists(), with_pip=True)
    LOG.write_text("")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    wanted = [part for file in files for part in ("-r", str(file))]
    progress("packages", pins(files), lines([*pip, "--require-hashes", "--only-binary=:all:", *wanted]))
    if COMPILED:
        show("  compiling the data path (a minute or two)", final=not sys.stdout.isatty())
    package, asked = (".", "1") if COMPILED else ("-e.", "0")
    again = ["--force-reinstall"] if COMPILED else []
    command = [*pip, "--no-deps", "--no-build-isolation", *again, package]
    progress("ostiary ", 1, lines(command, OSTIARY_COMPILE=asked))
    find_by_neighbourhood()


def find_by_neighbourhood() -> None:
    """Let `.venv` find the sources from where it lies: in the C locale CPython 3.11 reads no other path than ASCII."""
    for file in (VENV / "lib").glob("python*/site-packages/_editable_impl_ostiary.pth"):
        file.write_text(os.path.relpath(ROOT / "src", file.parent) + "\n")


def main() -> None:
    """Make `.venv` ready for what the arguments name."""
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"Ostiary needs Python 3.11 or newer, this is {sys.version.split()[0]}: make PYTHON=python3.12"
        )
    files = locks([name for name in sys.argv[1:] if not name.startswith("--")] or ["runtime"])
    ready, wanted = VENV / f".ready-{'-'.join(file.stem for file in files)}", stamp(files)
    if same_python() and ready.exists() and ready.read_text() == wanted:
        return
    print(f"set-up: {', '.join(file.stem for file in files)}", flush=True)
    install(files)
    ready.write_text(wanted)


if __name__ == "__main__":
    main()
