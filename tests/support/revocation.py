"""A gateway that looks whether its callers are revoked, and those who say so."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.neighbours import program

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity
from ostiary.pki.keys import private_pem

FILE = """
version: 1
state: state
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client:
        mode: optional
        authorities: [file:ca.pem]
        warn_before: {warn}
        revocation: {{{revocation}}}
upstreams:
  old: {{endpoints: ["{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: cn, allow: ["**"]}}}}
    authorize: anyone
    upstream: old
"""


@dataclass
class Guarded:
    """A gateway that runs, seen by callers whose certificates are in its folder.

    Attributes:
        folder: NAME.pem and NAME.key of each.
        gateway: the process.
    """

    folder: Path
    gateway: GatewayProcess

    async def ask(self, name: str, *options: str) -> Reply:
        """Ask as somebody, on a connection of its own."""
        files = ("--cert", self.folder / f"{name}.pem", "--key", self.folder / f"{name}.key")
        url = f"https://localhost:{self.gateway.port}/who"
        resolve = ("--resolve", f"localhost:{self.gateway.port}:127.0.0.1")
        return await curl(self.folder, url, "--cacert", self.folder / "web.pem", *resolve, *files, *options)

    async def statuses(self, *names: str) -> list[int]:
        """What some are answered, one after the other."""
        return [(await self.ask(name)).status for name in names]

    async def eventually(self, name: str, status: int) -> Reply:
        """Ask until the answer is this one."""
        async with asyncio.timeout(15):
            while (reply := await self.ask(name)).status != status:  # noqa: ASYNC110 - curl has no event to wait for
                await asyncio.sleep(0.1)
        return reply

    async def reason(self) -> str:
        """Why the last one was answered so."""
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        return str(self.gateway.access()[-1]["reason"])


@asynccontextmanager
async def guarded(folder: Path, revocation: str, upstream: str, *, warn: str = "1h") -> AsyncIterator[Guarded]:
    """Run a gateway with this block of `revocation`; the authorities of its callers are in ca.pem already."""
    web = Authority.create("web")
    write_certificates(folder / "web.pem", [web.certificate])
    write_identity(folder / "server.pem", folder / "server.key", web.issue_server("localhost"))
    file = folder / "gateway.yaml"
    file.write_text(FILE.format(revocation=revocation, upstream=upstream, warn=warn))
    async with gateway_process(file) as gateway:
        yield Guarded(folder, gateway)


@contextmanager
def responder(
    home: Path, authority: Authority, port: int, issued: Mapping[str, x509.Certificate], *revoked: str
) -> Iterator[None]:
    """Run the real `openssl ocsp`, which answers from an index of what was issued."""
    home.mkdir(exist_ok=True)
    write_certificates(home / "ca.pem", [authority.certificate])
    (home / "ca.key").write_bytes(private_pem(authority.key))
    (home / "index.txt").write_text("".join(_line(name, one, name in revoked) for name, one in issued.items()))
    (home / "index.txt.attr").write_text("unique_subject = no\n")
    key = ("-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key")
    command = (program("openssl"), "ocsp", "-port", str(port), "-index", "index.txt", *key, "-nmin", "5", "-ignore_err")
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=home, stdout=said, stderr=said)
        try:
            end = time.monotonic() + 10
            while b"waiting for" not in (home / "said").read_bytes() and time.monotonic() < end:
                time.sleep(0.05)  # it answers one connection at a time: looking whether it is there would be one
            yield
        finally:
            process.terminate()
            process.wait(10)


def _line(name: str, certificate: x509.Certificate, revoked: bool) -> str:
    end = certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
    state, when = ("R", datetime.now(UTC).strftime("%y%m%d%H%M%SZ")) if revoked else ("V", "")
    return "\t".join((state, end, when, f"{certificate.serial_number:040X}", "unknown", f"/CN={name}")) + "\n"
