"""What does a gateway that serves make of new files?"""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
import sys
from pathlib import Path

import pytest
from h2.errors import ErrorCodes
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.http2_caller import Http2Caller
from tests.support.live import Live, furnished, put

from ostiary.demo.issuer import serve_issuer
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_crl, write_identity

pytestmark = pytest.mark.integration

ROUNDS = 10
SECONDS = 10.0


# --- requests and reloads ------------------------------------------------------------------------


class Load:
    """Callers who ask all the time, on connections that stay and on new ones."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.answered = 0
        self.failed: list[str] = []
        self.subjects: set[str] = set()
        self.over = False

    async def stay(self, name: str | None) -> None:
        caller = await self.live.call(name)
        while not self.over:
            await self._one(caller.get("/closed/a" if name else "/"), named=name is not None)
            await asyncio.sleep(0.005)
        caller.close()

    async def come_and_go(self) -> None:
        while not self.over:
            await self._one(self._once(), named=False)
            await asyncio.sleep(0.02)

    async def with_curl(self) -> None:
        while not self.over:
            reply = await self.live.curl()
            if (reply.exit, reply.status) != (0, 200):
                self.failed.append(f"curl: exit {reply.exit}, status {reply.status}")
            self.answered += 1
            await asyncio.sleep(0.1)

    async def slowly(self) -> None:
        caller = await self.live.call()
        while not self.over:
            await self._one(caller.get("/slow/1.5"), named=False)
        caller.close()

    def knows(self, number: int) -> bool:
        """Whether somebody was answered by that configuration."""
        return f"subject-{number}" in self.subjects

    async def _once(self):
        caller = await self.live.call()
        said = await caller.get()
        caller.close()
        return said

    async def _one(self, asked, *, named: bool) -> None:
        try:
            said = await asked
        except (OSError, EOFError, TimeoutError) as error:
            self.failed.append(f"{type(error).__name__}: {error}")
            return
        self.answered += 1
        if said.status != 200:
            self.failed.append(f"{said.status} {said.content!r}")
        elif not named:
            self.subjects.add(said.fields["x-saw"])


async def test_no_request_fails_while_the_configuration_changes_again_and_again(
    live: Live,
) -> None:
    """Every second a reload: of the file, of the certificate, of the revocation list; some of them are wrong."""
    live.client("kept")
    load = Load(live)
    work = [
        load.stay("kept"),
        load.stay("kept"),
        load.stay(None),
        load.stay(None),
        load.come_and_go(),
        load.slowly(),
    ]
    tasks = [asyncio.create_task(one) for one in (*work, load.with_curl())]
    for number in range(ROUNDS):
        await asyncio.sleep(SECONDS / ROUNDS)
        match number % 5:
            case 0 | 3:
                live.write(f"subject-{number}")
            case 1:
                live.identify()
            case 2:
                live.revoke(live.client(f"gone-{number}"))
            case 4:
                put(
                    live.file,
                    live.file.read_bytes().replace(b"upstream: echo", b"upstream: eco"),
                )
        live.gateway.signal(signal.SIGHUP)
        await live.until(lambda number=number: load.knows(number) or number % 5 not in (0, 3), 20)
    await live.until(lambda: live.told("configuration refused, the one before serves on"))
    load.over = True
    await asyncio.gather(*tasks)

    assert load.failed == []
    assert load.answered > 500
    assert {
        "first",
        "subject-0",
        "subject-3",
        "subject-5",
        "subject-8",
    } == load.subjects
    assert len(live.told("configuration taken up")) >= 6
    assert live.told("configuration refused, the one before serves on")


async def test_a_request_under_way_ends_with_the_configuration_that_it_began_with(
    live: Live,
) -> None:
    slow, other = await live.call(), await live.call()
    await slow.send("/slow/6")
    assert (await slow.head())[1]["x-saw"] == "first"

    live.write("second")
    await live.takes_up()

    assert (await other.get()).fields["x-saw"] == "second", "a kept connection asks the new one"
    assert not live.told("the gateway before is closed")
    assert await slow.reader.readexactly(20) == b"ok" * 10
    assert await live.until(lambda: live.told("the gateway before is closed")) < 2
    assert (await slow.get()).fields["x-saw"] == "second"


async def test_what_takes_longer_than_it_may_is_cut_off_with_the_configuration_it_began_with(
    live: Live,
) -> None:
    live.text = "drain_timeout: 500ms\n" + live.text.lstrip()
    live.write("second")
    await live.takes_up()
    caller = await live.call()
    await caller.send("/slow/10")
    await caller.head()

    live.write("third")
    await live.takes_up(2)
    await live.until(lambda: len(live.told("the gateway before is closed")) == 2)

    assert live.told("the gateway before is closed")[1]["cut_off"] == 1
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(caller.reader.readexactly(20), 2)


# --- what counts as a change ---------------------------------------------------------------------


async def test_a_renewed_certificate_is_shown_to_new_callers_and_disturbs_no_other(
    live: Live,
) -> None:
    before = await live.call()
    renewed = live.identify()
    await live.takes_up()
    after = await live.call()

    assert after.certificate == renewed.certificate
    assert before.certificate != renewed.certificate
    assert (await before.get()).status == (await after.get()).status == 200


async def test_a_certificate_without_its_key_waits_for_the_key(live: Live) -> None:
    renewed = live.authority.issue_server("localhost", "127.0.0.1")
    write_identity(live.folder / "new.pem", live.folder / "new.key", renewed)
    put(live.folder / "server.pem", (live.folder / "new.pem").read_bytes())
    await live.until(lambda: live.told("configuration refused, the one before serves on"))
    caller = await live.call()
    assert caller.certificate != renewed.certificate

    put(live.folder / "server.key", (live.folder / "new.key").read_bytes())
    await live.takes_up()
    assert (await live.call()).certificate == renewed.certificate


async def test_the_switched_link_of_a_mounted_volume_is_a_change(
    tmp_path: Path,
) -> None:
    """As the kubelet does it: folders with a date, a link `..data` to one of them, links through it."""
    made, mount = tmp_path / "made", tmp_path / "mount"
    made.mkdir()
    mount.mkdir()
    async with furnished(made) as live:
        live.folder = mount
        _publish(made, live.folder, "..2026_01")
        for file in (live.folder / "..data").iterdir():
            (live.folder / file.name).symlink_to(Path("..data") / file.name)
        async with gateway_process(live.file) as live.gateway:
            live.folder = made
            renewed = live.identify()
            live.write("second")
            live.folder = mount
            _publish(made, live.folder, "..2026_02")
            seconds = await live.takes_up()
            caller = await live.call()
            assert caller.certificate == renewed.certificate
            assert (await caller.get()).fields["x-saw"] == "second"
            assert seconds < 3


def _publish(made: Path, mount: Path, name: str) -> None:
    (mount / name).mkdir()
    for file in made.iterdir():
        if file.suffix in (".yaml", ".pem", ".key", ".crl"):
            (mount / name / file.name).write_bytes(file.read_bytes())
    (mount / "..data_tmp").symlink_to(name)
    (mount / "..data_tmp").replace(mount / "..data")


async def test_an_editor_that_writes_in_pieces_is_waited_for(live: Live) -> None:
    whole = live.file.read_text().replace("first", "second")
    with live.file.open("w") as file:
        for start in range(0, len(whole), 200):
            file.write(whole[start : start + 200])
            file.flush()
            await asyncio.sleep(0.1)
    await live.takes_up()

    assert live.told("configuration refused, the one before serves on") == []
    assert (await (await live.call()).get()).fields["x-saw"] == "second"


async def test_a_file_that_was_missing_is_looked_for(live: Live) -> None:
    """A new file that the configuration names comes a little later than the configuration."""
    live.text = live.text.replace("authorities: [file:ca.pem]", "authorities: [file:ca.pem, file:more.pem]").replace(
        "crls: [file:ca.crl]", "crls: [file:ca.crl, file:more.crl]"
    )
    live.write("second")
    refused = "configuration refused, the one before serves on"
    await live.until(lambda: live.told(refused))
    more = Authority.create("More")
    write_crl(live.folder / "more.crl", more.crl())
    write_certificates(live.folder / "more.pem", [more.certificate])

    await live.takes_up()
    assert (await (await live.call()).get()).fields["x-saw"] == "second"


# --- what is wrong -------------------------------------------------------------------------------


@pytest.mark.attack(64)
async def test_a_broken_file_changes_nothing_and_is_explained_once_as_check_does(
    live: Live,
) -> None:
    broken = live.file.read_bytes().replace(b"upstream: echo", b"upstream: eco")
    refused = "configuration refused, the one before serves on"
    put(live.file, broken)
    await live.until(lambda: live.told(refused))
    put(live.file, broken + b"\n# the same once more\n")
    await asyncio.sleep(2.5)
    said = [str(one["why"]) for one in live.told(refused)]
    check = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ostiary", "check", live.file, "--json"), stdout=asyncio.subprocess.PIPE
    )
    problems = json.loads((await check.communicate())[0])["problems"]
    errors = [one for one in problems if one["severity"] == "error"]
    assert said == [f"{live.file}:{one['line']}:{one['column']}: {one['message']} [{one['code']}]" for one in errors]
    assert len(said) == 2
    assert (await (await live.call()).get()).fields["x-saw"] == "first"

    live.write("second")
    await live.takes_up()
    assert (await (await live.call()).get()).fields["x-saw"] == "second"


async def test_whoever_asks_with_a_signal_is_told_again(live: Live) -> None:
    refused = "configuration refused, the one before serves on"
    put(live.file, b"version: 2\n")
    await live.until(lambda: live.told(refused))
    said = len(live.told(refused))

    live.gateway.signal(signal.SIGHUP)
    await live.until(lambda: len(live.told(refused)) == 2 * said)


# --- other rules ----------------------------------------------------------------------------------


async def test_whoever_was_revoked_gets_no_further_on_a_connection_that_lives(
    live: Live,
) -> None:
    gone, kept = live.client("gone"), live.client("kept")
    one, other = await live.call("gone"), await live.call("kept")
    assert [(await caller.get("/closed/a")).status for caller in (one, other)] == [
        200,
        200,
    ]
    assert kept.certificate != gone.certificate

    live.revoke(gone)
    await live.takes_up()
    refused = await one.get("/closed/a")

    assert refused.status == 401
    assert b"has been revoked" in refused.content
    assert await one.closed()
    assert (await other.get("/closed/a")).status == 200
    await live.until(lambda: [line for line in live.gateway.access() if line["reason"] == "certificate.revoked"])


async def test_over_http2_his_connection_ends_without_being_asked(live: Live) -> None:
    gone = live.client("gone")
    context = ssl.create_default_context(cafile=live.folder / "ca.pem")
    context.set_alpn_protocols(["h2"])
    context.load_cert_chain(live.folder / "gone.pem", live.folder / "gone.key")
    where = ("127.0.0.1", live.port)
    caller = Http2Caller(*await asyncio.open_connection(*where, ssl=context, server_hostname="localhost"))
    said = {b":method": b"GET", b":scheme": b"https", b":authority": b"localhost", b":path": b"/closed/a"}
    assert await caller.status(caller.ask([*said.items()])) == 200

    live.revoke(gone)
    await live.takes_up()
    assert await caller.goaway() is ErrorCodes.NO_ERROR
    await caller.end()
    assert caller.farewells == [(1, ErrorCodes.NO_ERROR)]


async def test_whose_authority_is_no_longer_trusted_gets_no_further_either(
    live: Live,
) -> None:
    live.client("client")
    caller = await live.call("client")
    assert (await caller.get("/closed/a")).status == 200
    other = Authority.create("Another CA")
    write_crl(live.folder / "other.crl", other.crl())
    write_certificates(live.folder / "other.pem", [other.certificate])
    live.text = live.text.replace("authorities: [file:ca.pem]", "authorities: [file:other.pem]").replace(
        "crls: [file:ca.crl]", "crls: [file:other.crl]"
    )
    live.write("second")
    await live.takes_up()

    refused = await caller.get("/closed/a")
    assert (refused.status, await caller.closed()) == (401, True)
    assert b"issued by nobody we know" in refused.content


async def test_where_certificates_are_required_from_now_on_a_connection_without_one_ends(
    live: Live,
) -> None:
    live.client("client")
    without, shown = await live.call(), await live.call("client")
    assert (await without.get()).status == 200
    live.text = live.text.replace("mode: optional", "mode: required")
    live.write("second")
    await live.takes_up()

    assert ((await without.get()).status, await without.closed()) == (401, True)
    assert (await shown.get()).fields["x-saw"] == "second"


# --- what is remembered --------------------------------------------------------------------------

TOKEN = """  - name: token
    match: {{path: /token}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: echo
issuers:
  bank: {{issuer: "{issuer}", audiences: [accounts], algorithms: [ES256]}}
"""


async def test_a_reload_while_an_issuer_is_down_forgets_none_of_its_keys(tmp_path: Path) -> None:
    async with furnished(tmp_path) as live:
        with serve_issuer(0) as issuer:
            live.text = (live.text + TOKEN).replace("{issuer}", issuer.url)
            live.write("first")
            token = issuer.sign({"sub": "alice", "aud": "accounts"}, life=300)
            gateway = GatewayProcess(live.file)
            await gateway.start()
            live.gateway = gateway
            caller = await live.call()
            before = await caller.get("/token", bearer=token)
        try:
            live.write("second")
            await live.takes_up()
            after = [await one.get("/token", bearer=token) for one in (caller, await live.call())]
        finally:
            await gateway.kill()
        assert [one.fields.get("x-saw") for one in (before, *after)] == ["alice"] * 3


async def test_the_signal_that_has_others_open_their_logs_again_ends_nothing(live: Live) -> None:
    kept = await live.call()
    live.gateway.signal(signal.SIGUSR1)
    live.gateway.signal(signal.SIGHUP)
    await live.until(lambda: live.told("configuration taken up"))
    assert (await kept.get()).status == 200


async def test_told_to_reload_and_to_stop_in_the_same_moment_it_stops(live: Live) -> None:
    live.gateway.signal(signal.SIGHUP)
    live.gateway.signal(signal.SIGTERM)
    assert await live.gateway.ended() == 0
