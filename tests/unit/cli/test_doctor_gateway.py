"""Does `ostiary doctor gateway.yaml` find what is wrong around a gateway? A test makes each finding fail."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from ostiary.admin.redact import digest
from ostiary.cli.run import run
from ostiary.config.load import load
from ostiary.pki.authority import Authority
from ostiary.pki.diagnosis.machine import Machine, machine
from ostiary.pki.files import write_certificates, write_identity

WEB = Authority.create("Web")
GOOD = Machine(
    files=65536, core=0, umask=0o077, user=1000, openssl=(3, 0), security=1, modules=frozenset(("uvloop", "httptools"))
)
FILE = """
version: 1
{more}
listeners:
  public:
    bind: 127.0.0.1:8443
    tls: {{certificate: file:server.pem, private_key: file:server.key}}
upstreams:
  old:
    endpoints: ["{upstream}"]
    plaintext: accepted
    tls: {{trusted: [file:web.pem]}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: old}}
"""


class Doctor:
    """A folder with a configuration, and what the doctor says of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        write_certificates(folder / "web.pem", [WEB.certificate])
        write_identity(folder / "server.pem", folder / "server.key", WEB.issue_server("localhost"))
        self.write()

    @property
    def file(self) -> Path:
        return self.folder / "gateway.yaml"

    def write(self, upstream: str = "http://127.0.0.1:9", more: str = "") -> None:
        self.file.write_text(FILE.format(upstream=upstream, more=more))
        self.file.chmod(0o600)

    def told(self, *options: str) -> list[dict[str, Any]]:
        run(["doctor", str(self.file), "--skip", "machine", "--json", *options])
        return json.loads(self._capsys.readouterr().out)

    def codes(self, *options: str) -> list[str]:
        return [one["code"] for one in self.told(*options)]

    def offline(self) -> list[str]:
        return self.codes("--only", "installed")


@pytest.fixture
def doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(tmp_path, capsys)


# --- the machine ---------------------------------------------------------------------------------

BAD = {
    "D701": {"files": 1024},
    "D702": {"modules": frozenset(("httptools",))},
    "D703": {"openssl": (1, 1)},
    "D704": {"security": 0},
    "D705": {"core": -1},
    "D706": {"umask": 0o002},
    "D707": {"user": 0},
}


@pytest.mark.parametrize(("code", "changed"), BAD.items())
def test_each_thing_that_is_wrong_with_a_machine_is_found_and_nothing_else(code, changed):
    assert [one.name for one in machine(replace(GOOD, **changed))] == [code]


def test_nothing_is_wrong_with_a_good_machine():
    assert list(machine(GOOD)) == []


def test_this_machine_can_be_looked_at():
    here = Machine.this()

    assert here.modules == {"uvloop", "httptools"}
    assert here.user == os.geteuid()
    assert os.umask(here.umask) == here.umask


# --- the files -----------------------------------------------------------------------------------


def test_nothing_is_wrong_with_files_as_they_should_be(doctor):
    assert doctor.offline() == []


def test_a_configuration_that_others_can_change(doctor):
    doctor.file.chmod(0o666)

    assert doctor.offline() == ["D711"]


@pytest.mark.parametrize("name", ["server.key"])
def test_a_secret_that_others_can_read(doctor, name):
    (doctor.folder / name).chmod(0o644)
    told = doctor.told("--only", "installed")

    assert [one["code"] for one in told] == ["D712"]
    assert told[0]["remedy"] == f"chmod 600 {doctor.folder / name}"


def test_a_secret_in_a_file_of_its_own(doctor):
    (doctor.folder / "token").write_text("canary")
    (doctor.folder / "token").chmod(0o640)
    doctor.write(more="admin: {bind: 127.0.0.1:9444, token: file:token}")

    assert doctor.offline() == ["D712"]


def test_a_place_for_state_that_is_not_there_or_open_to_others(doctor):
    doctor.write(more="state: state")
    assert doctor.offline() == ["D713"]
    (doctor.folder / "state").mkdir(mode=0o700)
    assert doctor.offline() == []
    (doctor.folder / "state").chmod(0o777)
    assert doctor.offline() == ["D713"]


def test_a_configuration_from_the_future(doctor):
    later = time.time() + 86400
    os.utime(doctor.file, (later, later))

    assert doctor.offline() == ["D714"]


def test_a_configuration_with_mistakes(doctor):
    doctor.file.write_text("version: 2\n")

    assert doctor.offline() == ["D715"]


# --- the servers that it names -------------------------------------------------------------------


@contextmanager
def server(answer: Callable[[], bytes], folder: Path | None = None) -> Iterator[int]:
    """Answer every connection; with TLS where there is a folder with a certificate."""
    context = None
    if folder is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "up.pem", folder / "up.key")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, answer, context), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _serve(listening: socket.socket, answer: Callable[[], bytes], context: ssl.SSLContext | None) -> None:
    while True:
        try:
            one, _ = listening.accept()
        except OSError:
            return
        try:
            one.settimeout(5)
            if context is not None:
                one = context.wrap_socket(one, server_side=True)
            if one.recv(4096):
                one.sendall(answer())
        except OSError:
            pass
        finally:
            one.close()


def dated(seconds: float = 0) -> bytes:
    date = formatdate(time.time() + seconds, usegmt=True)
    return f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(("ahead", "codes"), [(0, []), (-3600, ["D721"]), (3600, ["D721"])])
def test_a_clock_that_differs_is_found(doctor, ahead, codes):
    with server(lambda: dated(ahead)) as port:
        doctor.write(f"http://127.0.0.1:{port}")
        assert doctor.codes() == codes


def test_a_server_that_does_not_say_what_time_it_is(doctor):
    with server(lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as port:
        doctor.write(f"http://127.0.0.1:{port}")
        assert doctor.codes() == []


def test_a_server_that_is_not_there_and_one_that_has_no_address(doctor):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    doctor.write(f"http://127.0.0.1:{port}")
    told = doctor.told()
    assert [(one["code"], one["where"]) for one in told] == [("D601", "upstreams > old")]
    doctor.write("http://nowhere.invalid:80")
    assert doctor.codes() == ["D602"]


def test_the_tls_of_a_server_is_looked_at_with_the_authorities_of_the_file(doctor):
    write_identity(doctor.folder / "up.pem", doctor.folder / "up.key", WEB.issue_server("127.0.0.1"))
    with server(dated, doctor.folder) as port:
        doctor.write(f"https://127.0.0.1:{port}")
        assert doctor.codes() == []
        write_certificates(doctor.folder / "web.pem", [Authority.create("Other").certificate])
        assert doctor.codes() == ["D606"]  # alone, it could be an intermediate's that is missing


def test_a_certificate_for_another_name_or_that_ends_soon(doctor):
    soon = WEB.issue_server("elsewhere.example", days=5)
    write_identity(doctor.folder / "up.pem", doctor.folder / "up.key", soon)
    with server(dated, doctor.folder) as port:
        doctor.write(f"https://127.0.0.1:{port}")
        assert {"D605", "D109"} <= set(doctor.codes())


def test_groups_without_the_network_never_use_it(doctor, monkeypatch):
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    doctor.write("https://nowhere.invalid", more="admin: {bind: 127.0.0.1:9444}")

    assert doctor.offline() == []
    assert doctor.codes("--skip", "endpoint", "--skip", "clock", "--skip", "running") == []


# --- the gateway that runs -----------------------------------------------------------------------


def status(of: str) -> bytes:
    said = json.dumps({"configuration": {"digest": of}}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)


def test_a_gateway_that_serves_something_else_than_the_file_says(doctor):
    answers = [b""]
    with server(lambda: answers[0]) as port:
        doctor.write(more=f"admin: {{bind: 127.0.0.1:{port}}}")
        answers[0] = status(digest(load(doctor.file)))
        assert doctor.codes("--only", "running") == []
        answers[0] = status("0" * 12)
        assert doctor.codes("--only", "running") == ["D731"]
        answers[0] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        assert doctor.codes("--only", "running") == []


def test_no_gateway_runs_or_it_asks_who_wants_to_know(doctor, monkeypatch):
    monkeypatch.setenv("ADMIN_TOKEN", "canary")
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for more in (f"admin: {{bind: 127.0.0.1:{port}}}", "admin: {bind: 127.0.0.1:1, token: env:ADMIN_TOKEN}"):
        doctor.write(more=more)
        assert doctor.codes("--only", "running") == []
