"""Does each example that lets another proxy ask do what it says?"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.neighbours import free_port, program, running
from tests.support.plugged import PROXIES
from tests.support.plugin import BASIC, KEY, Gateway, Said, World, recipe

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]


class Place:
    """An example, on this machine."""

    def __init__(self, made: World, folder: Path, name: str) -> None:
        short = name.removesuffix("-http")
        self.folder = folder
        self.file = folder / f"ask-{short}.yaml"
        text = (ROOT / "examples" / self.file.name).read_text()
        for before, after in (
            (f"unix:/run/ostiary/{short}.sock", f"unix:{folder}/s"),
            ("127.0.0.1:9760", f"127.0.0.1:{free_port()}"),
            ("http://127.0.0.1:9000", f"http://127.0.0.1:{made.echo.port}"),
            ('"0660"', '"0666"'),
        ):
            text = text.replace(before, after)
        self.file.write_text(text)
        (folder / "secrets").mkdir()
        for alias, kept in (("programs", "hashes"), ("legacy", "legacy")):
            shutil.copytree(made.folder / "secrets" / kept, folder / "secrets" / alias)


@pytest.fixture(params=PROXIES)
def asked(request: pytest.FixtureRequest, made: World, tmp_path: Path) -> Iterator[int]:
    """Where callers come to a proxy that has the recipe of its example."""
    proxy = PROXIES[request.param]
    binary = program(proxy.program)
    place = Place(made, tmp_path, request.param)
    tmp_path.chmod(0o755)
    with ExitStack() as stack:
        gateway = Gateway(place.file)
        stack.callback(gateway.stop)
        gateway.start()
        home, port = tmp_path / "home", free_port()
        home.mkdir()
        world = World(tmp_path, made.echo, made.authority, made.signer, {}, policy=place.file)
        shutil.copy(made.folder / "front.pem", tmp_path / "front.pem")
        more = ("--beside", str(home / "ostiary.lua"))
        if request.param == "haproxy":
            (home / "ostiary.lua").write_text(recipe("haproxy-lua", world, port))
        arguments = proxy.place(home, recipe(request.param, world, port, *more))
        subprocess.run([binary, *proxy.check(home)], check=True, capture_output=True, timeout=60, cwd=home)
        stack.enter_context(running(proxy.program, home, port, *arguments))
        yield port


def ask(made: World, port: int, *lines: str) -> Said:
    head = ("GET /accounts/1 HTTP/1.1", "Host: localhost", "Connection: close", *lines, "", "")
    return made.ask(port, "\r\n".join(head).encode())


def test_a_program_with_its_key_is_let_through_with_another_credential(made, asked):
    said = ask(made, asked, f"X-Api-Key: {KEY.decode()}", "X-Subject: admin")
    assert said.status == 200
    assert said.seen["authorization"] == [BASIC]
    assert said.seen["x-subject"] == ["program"]
    assert "x-api-key" not in said.seen
    refused = ask(made, asked, "X-Api-Key: wrong")
    assert (refused.status, refused.reason) == (401, "api-key.invalid")
