"""Is what is built whole? The wheel, in an environment elsewhere, does what the tree does; the sdist makes the same wheel."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import pytest
from tests.support.neighbours import free_port

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
PROGRAM = """
import ostiary
from ostiary.asgi import OstiaryMiddleware


async def ask() -> str:
    async with ostiary.open_vault("gateway.yaml") as vault:
        return (await vault.extract("legacy-accounts")).id


async def wrong() -> int:
    async with ostiary.open_vault("gateway.yaml") as vault:
        return (await vault.extract("legacy-accounts")).id
"""


def run(*command: str | Path, cwd: Path, check: bool = True) -> str:
    """Return what a command says, in surroundings that know nothing of the tree."""
    around = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OSTIARY", "COV"))}
    done = subprocess.run(command, cwd=cwd, env=around, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    run(Path(sys.executable).with_name("hatchling"), "build", "-d", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def elsewhere(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; the libraries are lent by the one of the tests, the package is not."""
    folder = tmp_path_factory.mktemp("else where")
    venv.create(folder, symlinks=True)
    packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (wheel,) = built.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_has_every_module_and_nothing_else_of_the_tree(built: Path):
    (wheel,) = built.glob("*.whl")
    modules = {str(one.relative_to(ROOT / "src")) for one in (ROOT / "src" / "ostiary").rglob("*.py")}
    rest = {name for name in names(wheel) - modules if not re.match(r"ostiary-[^/]*\.(dist-info|data)/", name)}
    assert modules <= names(wheel)
    assert {"ostiary/py.typed", "ostiary/demo/gateway.yaml"} <= rest
    assert {Path(name).suffix for name in rest} <= {".typed", ".yaml", ".lua", ".html", ".css", ".json", ".proto"}


def test_the_source_distribution_makes_the_same_wheel(built: Path, tmp_path: Path):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    (tree,) = tmp_path.iterdir()
    run(Path(sys.executable).with_name("hatchling"), "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=tree)
    (again,) = (tmp_path / "dist").glob("*.whl")
    (wheel,) = built.glob("*.whl")
    assert names(again) == names(wheel)


def test_the_source_distribution_has_nothing_that_only_this_machine_has(built: Path):
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = [one.partition("/")[2] for one in opened.getnames()]
    private = re.compile(r"(^|/)(\.venv|\.tools|\.git|node_modules|certs/dev|__pycache__)(/|$)|\.(key|p12|pfx|db)$")
    assert [one for one in inside if private.search(one)] == []
    assert {"pyproject.toml", "LICENSE", "README.md", "tools/compile.py", "config/demo.yaml"} <= set(inside)


def test_a_gateway_from_the_wheel_answers(elsewhere: Path, tmp_path: Path):
    if subprocess.run(["curl", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("curl is needed")
    program = elsewhere / "bin" / "ostiary"
    where = run(elsewhere / "bin" / "python", "-c", "import ostiary; print(ostiary.__file__)", cwd=tmp_path)
    assert where.startswith(str(elsewhere))
    run(program, "init", "first", cwd=tmp_path)
    first, port = tmp_path / "first", free_port()
    text = (first / "gateway.yaml").read_text().replace(":8443", f":{port}").replace(":9444", f":{free_port()}")
    (first / "gateway.yaml").write_text(text.replace("authorize: anyone", "authorize: [subject: nobody]"))
    put = ("bash", "-c", 'printf secret | "$0" vault put service --id gateway --secret-stdin', program)
    run(*put, cwd=first)
    assert "no problems" in run(program, "check", cwd=first)
    call = ["curl", "-sS", "--cacert", "pki/ca.pem", f"https://localhost:{port}/"]
    gateway = subprocess.Popen([program, "serve"], cwd=first, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE
        while "certificate.missing" not in (said := run(*call, cwd=first, check=False)) and time.monotonic() < end:
            time.sleep(0.3)
        assert "certificate.missing" in said
        shown = run(*call, "--cert", "alice.pem", "--key", "alice.key", cwd=first)
        assert "subject.not-allowed" in shown
    finally:
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(timeout=30) == 0


@pytest.mark.distant
def test_its_types_are_seen_by_whoever_embeds_it(elsewhere: Path, tmp_path: Path):
    mypy = Path(sys.executable).with_name("mypy")
    if not mypy.exists():
        pytest.skip("mypy is needed (make types)")
    (tmp_path / "program.py").write_text(PROGRAM)
    words = ("--strict", "--python-executable", elsewhere / "bin" / "python", "--cache-dir", tmp_path / "cache")
    said = run(mypy, *words, "program.py", cwd=tmp_path, check=False)
    assert re.findall(r"^program\.py:(\d+): error", said, re.MULTILINE) == ["13"], said
