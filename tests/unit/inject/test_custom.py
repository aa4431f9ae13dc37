"""What may a plug-in write, and what happens when it fails?"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.unit.inject.conftest import CANARY, Given, outbound_of

from ostiary.config.identity import CustomSpec
from ostiary.config.schema import HeaderSpec, InjectorSpec
from ostiary.errors import ConfigError, Forbidden, InternalError
from ostiary.inject import Tools, compile_injectors
from ostiary.reasons import Reason

STAMP = """
class Stamp:
    writes = ("X-Stamp", "X-Key")

    def __init__(self, options, credential):
        self.options, self.credential = options, credential

    async def write(self, head):
        match self.options["do"]:
            case "stamp":
                head.set("X-Stamp", f"{head.principal.subject} {head.method} {head.path} {head.host} {head.request_id}")
            case "key":
                head.set("x-key", (await self.credential.get()).secret.reveal())
            case "another":
                head.set("X-Other", "x")
            case "split":
                head.set("X-Stamp", "a\\r\\nX-Admin: true")
            case "authorize":
                head.set("Authorization", "Basic abc")
            case "body":
                head.body
            case "fail":
                raise RuntimeError("the secret is canary-b8e210")
            case "look":
                head.headers.add(b"X-Admin", b"true")
                head.set("X-Stamp", head.headers.get(b"x-before") + b" " + head.target)

def make(options, credential):
    if options.get("do") == "refuse":
        raise ValueError("no such option")
    return Stamp(options, credential)

class Greedy:
    writes = ("Transfer-Encoding",)

def greedy(options, credential):
    return Greedy()

class Silent:
    writes = ()

def silent(options, credential):
    return Silent()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny distribution in it, put there by pip."""
    folder = tmp_path_factory.mktemp("stamp")
    wheel = folder / "stamp-1.0-py3-none-any.whl"
    info = "stamp-1.0.dist-info"
    names = ("stamp", "greedy", "silent")
    points = "\n".join(f"{name} = stamp:{'make' if name == 'stamp' else name}" for name in names)
    with zipfile.ZipFile(wheel, "w") as opened:
        opened.writestr("stamp.py", STAMP)
        opened.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: stamp\nVersion: 1.0\n")
        opened.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        opened.writestr(f"{info}/entry_points.txt", f"[ostiary.injectors]\n{points}\n")
        opened.writestr(f"{info}/RECORD", "")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--target",
        folder / "site",
        wheel,
    ]
    subprocess.run(command, check=True, timeout=120)
    return folder / "site"


@pytest.fixture(autouse=True)
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)


def plugin(do: str, **more: Any) -> Any:
    spec = InjectorSpec(custom=CustomSpec(name="stamp", options={"do": do}, **more))
    (made,) = compile_injectors((spec,), {}, Tools({"legacy": Given()}))
    return made


async def test_it_sees_who_is_calling_and_for_what(outbound):
    await plugin("stamp").inject(outbound)
    assert outbound.headers.get(b"x-stamp") == b"alice GET /p h req-1"


async def test_it_is_given_the_credential_that_its_block_names(outbound):
    await plugin("key", credential="legacy").inject(outbound)
    assert outbound.headers.get(b"x-key") == CANARY.encode()


def test_what_it_writes_is_stripped_from_every_request():
    assert plugin("stamp").owns == frozenset({b"x-stamp", b"x-key"})


@pytest.mark.parametrize("do", ["another", "authorize"])
async def test_it_writes_no_header_that_it_has_not_named(outbound, do):
    with pytest.raises(InternalError):
        await plugin(do).inject(outbound)
    assert len(outbound.headers) == 0


async def test_it_cannot_end_a_header_line(outbound):
    with pytest.raises(Forbidden) as caught:
        await plugin("split").inject(outbound)
    assert caught.value.reason is Reason.INJECTION_UNSAFE
    assert len(outbound.headers) == 0


async def test_it_sees_what_is_sent_and_changes_a_copy_only():
    outbound = outbound_of(target=b"/p?a=1", headers=((b"X-Before", b"b"), (b"X-Stamp", b"callers")))
    await plugin("look").inject(outbound)
    assert list(outbound.headers) == [(b"X-Before", b"b"), (b"X-Stamp", b"b /p?a=1")]


@pytest.mark.parametrize("do", ["fail", "body"])
async def test_one_that_fails_ends_the_request_and_tells_nothing(outbound, do):
    with pytest.raises(InternalError) as caught:
        await plugin(do).inject(outbound)
    assert CANARY not in f"{caught.value!r}{caught.value.detail}{caught.value.__cause__!r}"
    assert caught.value.status == 500


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("stmap", {}, "installed: greedy, silent, stamp"),
        ("stamp", {"do": "refuse"}, "no such option"),
        ("greedy", {}, "frames or routes"),
        ("silent", {}, "writes nothing"),
    ],
)
def test_one_that_cannot_be_used_stops_the_start(name, options, why):
    spec = InjectorSpec(custom=CustomSpec(name=name, options=options))
    with pytest.raises(ConfigError, match=why):
        compile_injectors((spec,), {})


def test_two_writers_of_one_header_stop_the_start():
    specs = [
        InjectorSpec(custom=CustomSpec(name="stamp", options={"do": "stamp"})),
        InjectorSpec(header=HeaderSpec(name="x_stamp", value="a")),
    ]
    with pytest.raises(ConfigError, match="write the header x-stamp"):
        compile_injectors(specs, {})
