"""One step of the tour, through curl, as the very line that is printed; without curl, through `http.client`."""

from __future__ import annotations

import os
import shlex
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from ostiary.demo.gateway import DemoFailed
from ostiary.demo.steps import Step
from ostiary.demo.world import World

HOST: Final = "localhost"
PATIENCE: Final = 15.0
"""Seconds that one step may take."""


class Response(NamedTuple):
    """What came back."""

    status: int
    body: str


class Client(Protocol):
    """Sends the requests of a tour.

    Attributes:
        name: the program, and its version.
    """

    @property
    def name(self) -> str:
        """The program, and its version."""

    def send(self, step: Step) -> Response:
        """Send the request of a step.

        Raises:
            DemoFailed: nothing came back.
        """


def command(step: Step, world: World) -> str:
    """Return the curl line of a step; one can paste it into a shell."""
    return " \\\n    ".join(_parts(step, world))


def _parts(step: Step, world: World) -> Iterator[str]:
    identity = ""
    if step.certificate is not None:
        identity = " --cert {} --key {}".format(*map(_shown, world.identity(step.certificate)))
    yield f"curl -si --cacert {_shown(world.pki.ca)}{identity}"
    if step.jwt is not None:
        yield f'-H "Authorization: Bearer $(cat {_shown(world.places.token(step.jwt))})"'
    yield from (f"-H {shlex.quote(header)}" for header in step.headers)
    exact = "--path-as-is " if ".." in step.path else ""
    yield f"{exact}{_around_a_proxy()}https://{HOST}:{world.gateway.port}{step.path}"


def _shown(path: Path) -> str:
    """Return a path as short as it can be pasted here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _around_a_proxy() -> str:
    names = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    return f"--noproxy {HOST} " if any(os.environ.get(name) for name in names) else ""


class Curl:
    """Runs the printed line in a shell."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self._world = world

    def send(self, step: Step) -> Response:
        """Send the request of a step."""
        line = command(step, self._world)
        done = subprocess.run(  # noqa: S602 - the line is ours, and it is run as it is shown
            line, shell=True, capture_output=True, timeout=PATIENCE, check=False
        )
        head, _, body = done.stdout.decode().partition("\r\n\r\n")
        if done.returncode != 0 or not head:
            raise DemoFailed(f"curl ended with {done.returncode}: {done.stderr.decode().strip()}\n{line}")
        return Response(int(head.split()[1]), body)


class Library:
    """Sends the same requests without curl."""

    name = "Python's http.client, because there is no curl here"

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, step: Step) -> Response:
        """Send the request of a step."""
        connection = HTTPSConnection(HOST, self._world.gateway.port, timeout=PATIENCE, context=self._tls(step))
        try:
            connection.putrequest("GET", step.path, skip_accept_encoding=True)
            for name, value in self._headers(step):
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Response(answer.status, answer.read().decode())
        except (OSError, HTTPException) as error:
            raise DemoFailed(f"{step.path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def _tls(self, step: Step) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._world.pki.ca)
        if step.certificate is not None:
            context.load_cert_chain(*self._world.identity(step.certificate))
        return context

    def _headers(self, step: Step) -> Iterator[tuple[str, str]]:
        if step.jwt is not None:
            yield "Authorization", f"Bearer {self._world.places.token(step.jwt).read_text()}"
        for header in step.headers:
            name, _, value = header.partition(": ")
            yield name, value


def choose(world: World) -> Client:
    """Return curl, or what stands in for it."""
    curl = shutil.which("curl")
    if curl is None:
        return Library(world)
    version = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - curl
    return Curl(world, " ".join(version.stdout.split()[:2]))
