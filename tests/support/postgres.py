"""A real PostgreSQL server on loopback, and an upstream that lets in whom it lets in."""

from __future__ import annotations

import asyncio
import base64
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from tests.support.openbao import Bao, free_port

PASSWORD = "postgres-canary-8d20"
NEWEST_FIRST = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def folder() -> Path:
    """Return where the server's programs are, or skip: loudly, and in CI not at all."""
    found = next((one for one in NEWEST_FIRST if (one / "initdb").exists()), None)
    if found is None:
        reason = "PostgreSQL is not installed (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def unprivileged() -> dict[str, int]:
    """Return as whom the server runs: it refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid}


@dataclass
class Postgres:
    """A server whose only door is a password."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make a cluster and serve it."""
        programs, who = folder(), unprivileged()
        self.home.mkdir(mode=0o755)
        (self.home / "password").write_text(PASSWORD)
        if who:
            for path in (self.home, self.home / "password"):
                os.chown(path, who["user"], who["group"])
        data, env = self.home / "data", {"LC_ALL": "C", "PATH": os.environ["PATH"]}
        made = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-N"]
        subprocess.run(
            [*made, f"--pwfile={self.home / 'password'}"],
            check=True, cwd=self.home, env=env, stdout=subprocess.DEVNULL, timeout=120, **who,
        )  # fmt: skip
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.home}",
            "fsync=off",
        ]
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, *(word for one in settings for word in ("-c", one))],
            cwd=self.home, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
        )  # fmt: skip
        self._ready(programs / "pg_isready")

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.send_signal(2)  # SIGINT: end sessions and stop
            self.process.wait(20)
            self.process = None

    async def run(self, *statements: str) -> None:
        """Let the administrator run statements."""
        connection = await self.connect("postgres", PASSWORD)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def users(self) -> set[str]:
        """Return who may log in."""
        connection = await self.connect("postgres", PASSWORD)
        try:
            return {row[0] for row in await connection.fetch("select rolname from pg_roles where rolcanlogin")}
        finally:
            await connection.close()

    async def connect(self, user: str, password: str) -> asyncpg.Connection:
        """Log in."""
        return await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database="postgres", ssl=False, timeout=10
        )

    async def lets_in(self, user: str, password: str) -> bool:
        """Whether a user may log in with a password now."""
        try:
            connection = await self.connect(user, password)
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
            return False
        await connection.close()
        return True

    def known_to(self, server: Bao, mount: str = "database") -> None:
        """Make the server an engine of OpenBao's."""
        server.ask("POST", f"sys/mounts/{mount}", {"type": "database"})
        server.ask(
            "POST",
            f"{mount}/config/main",
            {
                "plugin_name": "postgresql-database-plugin",
                "allowed_roles": "*",
                "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{self.port}/postgres?sslmode=disable",
                "username": "postgres",
                "password": PASSWORD,
                "password_authentication": "scram-sha-256",
            },
        )

    def _ready(self, program: Path) -> None:
        end = time.monotonic() + 60
        while subprocess.run([program, "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode:
            if time.monotonic() > end:
                pytest.fail("PostgreSQL did not start")
            time.sleep(0.1)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server for the tests of one module."""
    place = Path("/tmp") / f"ostiary-pg-{os.getpid()}-{free_port()}"  # a user of its own must reach it
    server = Postgres(place)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def front(server: Postgres) -> AsyncIterator[int]:
    """A tiny HTTP service that lets in with Basic whom PostgreSQL lets in; yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                good = await server.lets_in(*basic(head))
                line = b"200 OK" if good else b"401 Unauthorized\r\nWWW-Authenticate: Basic"
                writer.write(b"HTTP/1.1 " + line + b"\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


def basic(head: bytes) -> tuple[str, str]:
    """Return the user name and the password of a request."""
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"authorization: basic "):
            name, _, password = base64.b64decode(line.split()[2]).decode().partition(":")
            return name, password
    return "nobody", "nothing"
