"""Does `ostiary demo` show what it promises, through the real gateway and a real curl?"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ostiary.cli.documents import schema_of
from ostiary.demo.steps import TOUR

pytestmark = pytest.mark.integration

DEMO = [sys.executable, "-m", "ostiary", "demo"]
PATIENCE = 90


def run(*arguments: str, cwd: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", **({} if path is None else {"PATH": path})}
    return subprocess.run(
        [*DEMO, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """The tour, taken once by curl, and the folder it was taken in."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    folder = tmp_path_factory.mktemp("demo")
    return run("--json", "--keep", str(folder), cwd=folder), folder


def test_every_step_comes_out_as_promised(taken):
    done, _ = taken
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    Draft202012Validator(schema_of("demo")).validate(result)
    assert result["ok"] is True
    assert result["client"].startswith("curl ")
    assert [(step["status"], step["reason"]) for step in result["steps"]] == [
        (step.status, str(step.reason)) for step in TOUR
    ]


def test_the_legacy_service_sees_the_vaults_credential_and_not_the_callers_token(taken):
    done, folder = taken
    last = json.loads(done.stdout)["steps"][-1]
    assert json.loads(last["body"])["logged_in_as"] == "ostiary"
    assert (folder / "var" / "demo" / "alice.jwt").read_text() not in last["body"]


def test_no_secret_is_printed(taken):
    done, folder = taken
    own = folder / "var" / "demo"
    for secret in [own / "master.key", *own.glob("*.jwt")]:
        assert secret.read_text() not in done.stdout + done.stderr


def test_what_is_left_behind_can_be_read_by_its_owner_only(taken):
    _, folder = taken
    left = [*(folder / "var" / "demo").iterdir(), *(folder / "certs" / "dev").glob("*.key")]
    private = [path for path in left if path.name != "gateway.log"]
    assert private
    assert [path.name for path in private if path.stat().st_mode & 0o077] == []


def test_the_started_configuration_passes_the_check(taken):
    _, folder = taken
    command = [sys.executable, "-m", "ostiary", "check", str(folder / "var" / "demo.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_curl_and_with_every_usual_port_taken_it_still_works(tmp_path):
    with socket.socket() as gateway, socket.socket() as legacy, socket.socket() as issuer:
        for one, port in ((gateway, 8443), (legacy, 9080), (issuer, 9090)):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
                one.listen()
            except OSError:
                continue  # taken by somebody else: as good
        done = run("--once", "--keep", str(tmp_path), cwd=tmp_path, path="/nonexistent")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Port 8443 is taken" in done.stdout
    assert f"{len(TOUR)} of {len(TOUR)} steps came out as expected" in done.stdout


def test_it_stays_up_until_it_is_interrupted_and_leaves_nothing_running(tmp_path):
    with subprocess.Popen(
        [*DEMO, "--keep", str(tmp_path)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("The access log:"):
                    break
            assert process.poll() is None, "".join(said)
            url = next(line for line in said if "https://localhost:" in line)
            port = int(url.split("https://localhost:")[1].split()[0].partition("/")[0])
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    assert process.returncode == 0
    assert not listening(port)


def listening(port: int) -> bool:
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        time.sleep(0.1)
    return True
