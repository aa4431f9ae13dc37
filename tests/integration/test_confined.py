"""Does a gateway run as confined as its unit for systemd says, and does it need to write nowhere else?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest
from tests.support.confined import allowed
from tests.support.neighbours import free_port

pytestmark = [pytest.mark.integration, pytest.mark.distant]

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy/systemd/ostiary.service"
PATIENCE = 60.0
AROUND = {"PATH": os.environ["PATH"], "no_proxy": "*"}  # no HOME
PROBE = """
import ctypes, mmap, os, pathlib, socket
def refused(what):
    try:
        what()
    except OSError:
        return True
    return False
print(refused(lambda: pathlib.Path("/var/tmp/probe").touch()),
      refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
      refused(lambda: os.setuid(0)),
      refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
      not pathlib.Path("/proc/sys").exists())
"""


@pytest.fixture(scope="module")
def ostiary() -> list[str]:
    """What runs a command of ours."""
    for program in ("unshare", "systemd-analyze", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is needed")
    if os.geteuid() != 0 or find_library("seccomp") is None:
        pytest.skip("root and libseccomp are needed")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("namespaces are needed")
    return [sys.executable, "-m", "ostiary"]


def confined(state: Path, *command: str) -> list[str]:
    """A command line, with everything around it that confines it."""
    script = ROOT / "tests/support/confined.py"
    return ["unshare", "--mount", sys.executable, str(script), str(UNIT), str(state), *command]


@pytest.fixture
def place(ostiary: list[str], tmp_path: Path) -> Path:
    """A first gateway, whose vault is in the one folder that can be written to."""
    subprocess.run([*ostiary, "init", "first"], cwd=tmp_path, env=AROUND, check=True, capture_output=True)
    (tmp_path / "state").mkdir()
    file = tmp_path / "first/gateway.yaml"
    text = file.read_text().replace("vault.db", "../state/vault.db")
    file.write_text(text.replace(":8443", f":{free_port()}").replace(":9444", f":{free_port()}"))
    put = [*ostiary, "vault", "put", "service", "--id", "gateway", "--secret-stdin"]
    subprocess.run(put, cwd=file.parent, env=AROUND, input=b"secret", check=True, capture_output=True)
    return tmp_path


@pytest.fixture(params=[(), ("--workers", "2")], ids=["alone", "two workers"])
def gateway(request: pytest.FixtureRequest, ostiary: list[str], place: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = confined(place / "state", *ostiary, "serve", *request.param)
    with (place / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=place / "first", env=AROUND, stdout=said, stderr=said)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait(timeout=30)


def test_it_answers_and_ends_in_order(gateway: subprocess.Popen[bytes], place: Path) -> None:
    port = (place / "first/gateway.yaml").read_text().partition("127.0.0.1:")[2].partition("\n")[0]
    call = ["curl", "-sS", "--cacert", "pki/ca.pem", f"https://localhost:{port}/"]
    end, said = time.monotonic() + PATIENCE, ""
    while "certificate.missing" not in said and time.monotonic() < end:
        time.sleep(0.3)
        said = subprocess.run(call, cwd=place / "first", capture_output=True, text=True, check=False).stdout
    assert "certificate.missing" in said, (place / "said").read_text()
    gateway.send_signal(signal.SIGTERM)
    assert gateway.wait(timeout=60) == 0, (place / "said").read_text()


def test_the_confinement_is_one(ostiary: list[str], tmp_path: Path) -> None:
    command = confined(tmp_path, sys.executable, "-c", PROBE)
    done = subprocess.run(command, env=AROUND, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["True"] * 5, done.stderr


def test_a_socket_may_be_given_to_a_group(ostiary: list[str]) -> None:
    assert {"chown", "fchownat"} <= allowed(UNIT)
    assert not {"setuid", "mount", "ptrace", "kexec_load", "bpf"} & allowed(UNIT)
