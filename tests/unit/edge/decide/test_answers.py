"""What does an answer say, to whom, and what never?"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import pytest
from structlog.testing import capture_logs
from tests.support.asked_policy import POLICY
from tests.support.http2_caller import Http2Caller

from ostiary.build import compile_gateway
from ostiary.config.clients import ClientSpec
from ostiary.config.decisions import DecideSpec, DecisionDialect
from ostiary.config.load import load
from ostiary.edge.decide.dialects import HEADERS
from ostiary.errors import InvalidCertificate
from ostiary.model import Credential, Headers, Peer, Secret
from ostiary.observe.access import AccessLog
from ostiary.observe.metrics import Metrics
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity
from ostiary.reasons import Reason
from ostiary.serve import Listener, listening
from ostiary.serve.deciding import told_certificates

CANARY = "canary-91c4"
ASK = {
    "X-Forwarded-Method": "GET",
    "X-Forwarded-Host": "api.example.com",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "192.0.2.7",
}


class Vaultless:
    """A credential in memory."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    async def get(self) -> Credential:
        return Credential(self.alias, "svc", Secret(CANARY), "1")


@asynccontextmanager
async def edge(folder: Path, listener: str = "{bind: 'unix:FOLDER/s', decide: nginx}") -> AsyncIterator[Listener]:
    """A decision listener."""
    (folder / "gateway.yaml").write_text(POLICY.format(listener=listener.replace("FOLDER", str(folder))))
    loaded = load(folder / "gateway.yaml")
    log = os.open(folder / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    access = AccessLog(log, Metrics())
    gateway = compile_gateway(loaded, access, sources={"legacy": Vaultless("legacy")})
    try:
        async with listening(gateway, loaded.spec, folder, drain=0.2) as listeners:
            yield listeners["edge"]
    finally:
        os.close(log)


async def say(raw: bytes, *, path: Path | None = None, **where: object) -> bytes:
    if path is not None:
        reader, writer = await asyncio.open_unix_connection(str(path / "s"))
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", **where)
    writer.write(raw)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def head(target: str, path: str = "/decide", **more: str) -> bytes:
    fields = (
        ASK
        | {"X-Forwarded-Uri": target, "Host": "ostiary", "Connection": "close"}
        | {name.replace("_", "-"): value for name, value in more.items()}
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


def fields(answer: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]:
        name, _, value = line.partition(": ")
        found.setdefault(name.rstrip(":"), []).append(value)
    return found


async def test_every_yes_names_each_header_that_the_policy_owns_once_and_empty_means_absent(tmp_path):
    async with edge(tmp_path):
        answers = {
            one: fields(await say(head(f"/{one}", X_Subject="admin", Cookie="a=b"), path=tmp_path))
            for one in ("open", "secret")
        }

    basic = "Basic " + base64.b64encode(f"svc:{CANARY}".encode()).decode()
    owned = ("Authorization", "Cookie", "SM_USER", "X-Subject")
    assert {name: answers["open"][name] for name in owned} == {
        "Authorization": [""], "Cookie": ["a=b"], "SM_USER": [""], "X-Subject": ["nobody"],
    }  # fmt: skip
    assert {name: answers["secret"][name] for name in owned} == {
        "Authorization": [basic], "Cookie": ["a=b; session=ours"], "SM_USER": ["x"], "X-Subject": [""],
    }  # fmt: skip
    for answer in answers.values():
        assert answer["Cache-Control"] == ["no-store"]
        assert answer["Ostiary-Upstream"] == ["old"]
        assert all(len(values) == 1 for values in answer.values())


async def test_an_explanation_never_says_yes_and_never_holds_a_credential(tmp_path):
    async with edge(tmp_path):
        answer = await say(head("/secret", "/explain"), path=tmp_path)
        refused = await say(head("/nothing", "/explain"), path=tmp_path)

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"decision.changed" in answer
    assert b"Retry-After: 1" in answer
    assert CANARY.encode() not in answer
    assert b"Basic" not in answer
    assert refused.startswith(b"HTTP/1.1 404 ")


async def test_what_is_no_ask_is_400_and_never_a_decision_about_the_ask_itself(tmp_path):
    async with edge(tmp_path):
        for raw in (
            b"GET /decide HTTP/1.1\r\nHost: ostiary\r\nConnection: close\r\n\r\n",
            b"GET /open HTTP/1.1\r\nHost: ostiary\r\nConnection: close\r\n\r\n",
            head("/open", "/open"),
            head("/open").replace(b"\r\n\r\n", b"\r\nX-Forwarded-Uri: /secret\r\n\r\n"),
        ):
            answer = await say(raw, path=tmp_path)
            assert answer.startswith(b"HTTP/1.1 400 "), raw
            assert b"decision.unreadable" in answer


async def test_a_body_is_never_waited_for(tmp_path):
    async with edge(tmp_path):
        raw = head("/open", Content_Length="0").replace(b"GET /decide", b"POST /decide")
        answer = await say(raw, path=tmp_path)
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_process_that_is_not_the_proxy_is_cut_off_before_a_word_is_read(tmp_path):
    listener = "{bind: 'unix:FOLDER/s', decide: {dialect: nginx, local: {users: [4294967]}}}"
    async with edge(tmp_path, listener):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        assert await asyncio.wait_for(reader.read(), 10) == b""  # nothing was sent, and it is over
        writer.close()


def context(folder: Path, name: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=folder / "ca.pem")
    made.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return made


async def test_beyond_this_machine_only_a_certificate_of_the_right_name_may_ask(tmp_path):
    authority = Authority.create("CA")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    for name, identity in {
        "server": authority.issue_server("localhost"),
        "proxy": authority.issue_client(cn="proxy", dns=["proxy.example"]),
        "other": authority.issue_client(cn="other", dns=["other.example"]),
    }.items():
        write_identity(tmp_path / f"{name}.pem", tmp_path / f"{name}.key", identity)
    listener = (
        "{bind: '127.0.0.1:0', tls: {certificate: file:server.pem, private_key: file:server.key, "
        "client: {mode: required, authorities: [file:ca.pem]}}, "
        "decide: {dialect: nginx, proxy: {match: {san.dns: proxy.example}}}}"
    )
    async with edge(tmp_path, listener) as one:
        where = {"port": one.port, "server_hostname": "localhost"}
        allowed = await say(head("/open"), ssl=context(tmp_path, "proxy"), **where)
        reader, writer = await asyncio.open_connection("127.0.0.1", ssl=context(tmp_path, "other"), **where)
        try:
            silence = await asyncio.wait_for(reader.read(), 10)
        except (ConnectionError, ssl.SSLError):
            silence = b""
        writer.close()

    assert allowed.startswith(b"HTTP/1.1 200 ")
    assert silence == b""


@pytest.mark.parametrize("kind", [b"application/grpc", b"application/grpc+proto", b"text/plain"])
async def test_no_is_never_200_whatever_the_caller_speaks(tmp_path, kind):
    """A call of gRPC that is refused ends with the status 200. To Envoy, which asks here by HTTP, that is a yes."""
    write_identity(
        tmp_path / "s.pem", tmp_path / "s.key", (authority := Authority.create("CA")).issue_server("localhost")
    )
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    listener = "{bind: '127.0.0.1:0', decide: envoy-http, tls: {certificate: file:s.pem, private_key: file:s.key}}"
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    trusting.set_alpn_protocols(["h2"])
    said = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"192.0.2.7"), (b"content-type", kind)]
    async with edge(tmp_path, listener) as one:
        streams = await asyncio.open_connection("127.0.0.1", one.port, ssl=trusting, server_hostname="localhost")
        caller = Http2Caller(*streams)
        try:
            for path, status in (
                (b"/decide/nothing", 404),
                (b"/decide/who", 401),
                (b"/nonsense", 400),
                (b"decide", 400),
            ):
                asked = [(b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", path), *said]
                assert (await caller.answer(caller.ask(asked)))[0] == status
        finally:
            caller.abort()


@pytest.mark.parametrize(
    "value", ["{http.request.tls.client.certificate_der_base64}", "$ssl_client_escaped_cert", "%5Babc", "abc"]
)
async def test_a_certificate_that_cannot_be_read_is_401_and_never_none(tmp_path, value):
    authority = Authority.create("CA")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    client = "client: {mode: optional, authorities: [file:ca.pem]}"
    for dialect in ("nginx", "caddy"):
        listener = f"{{bind: 'unix:FOLDER/s', decide: {{dialect: {dialect}, {client}}}}}"
        async with edge(tmp_path, listener):
            answer = await say(head("/open", X_Client_Cert=value), path=tmp_path)
            nobody = await say(head("/who"), path=tmp_path)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"certificate.unreadable" in answer
        assert b"certificate.missing" in nobody


async def test_a_refusal_is_explained_as_it_was_even_if_it_would_be_another_one_now(tmp_path):
    async with edge(tmp_path):
        (said,) = fields(await say(head("/nothing", "/brief"), path=tmp_path))["Ostiary-Refusal"]
    async with edge(tmp_path):  # another worker, or the next process
        explained = await say(head("/open", "/explain", Ostiary_Refusal=said), path=tmp_path)
        again = await say(head("/who", "/explain", Ostiary_Refusal=said), path=tmp_path)
        unknown = await say(head("/nothing", "/explain", Ostiary_Refusal="made-up"), path=tmp_path)
        allowed = await say(head("/open", "/explain", Ostiary_Refusal="made-up"), path=tmp_path)

    for answer in (explained, again, unknown):
        assert answer.startswith(
            b"HTTP/1.1 404 "
        )  # what was refused; that the caller lies about it now changes nothing
    assert allowed.startswith(b"HTTP/1.1 503 ")


async def test_a_caller_cannot_choose_a_refusal_by_asking_for_a_decision(tmp_path):
    async with edge(tmp_path):
        (said,) = fields(await say(head("/nothing", "/brief"), path=tmp_path))["Ostiary-Refusal"]
        for path in ("/decide", "/brief"):
            answer = await say(head("/open", path, Ostiary_Refusal=said), path=tmp_path)
            assert answer.startswith(b"HTTP/1.1 200 ")


async def test_what_the_proxy_holds_of_a_refusal_is_what_the_caller_will_read_and_no_more(tmp_path):
    async with edge(tmp_path):
        no = fields(await say(head("/who", "/brief", Authorization="Bearer hidden", Cookie="hidden"), path=tmp_path))
        (said,), (number,) = no["Ostiary-Refusal"], no["X-Request-Id"]
    known = json.loads(base64.urlsafe_b64decode(said + "=="))
    assert {name: value for name, value in known.items() if value} == {
        "kind": "CredentialsMissing", "reason": "certificate.missing", "id": number, "route": "who",
    }  # fmt: skip


async def test_the_log_is_about_the_request_and_the_error_about_the_proxy(tmp_path):
    with capture_logs() as events:
        async with edge(tmp_path) as one:
            await say(head("/secret?token=hidden"), path=tmp_path)
            await say(head("/a/../b"), path=tmp_path)
            await say(head("/open", "/explain"), path=tmp_path)
            await say(b"GET /decide HTTP/1.1\r\nHost: ostiary\r\nConnection: close\r\n\r\n", path=tmp_path)
            metrics = one._shared.gateway.access._access.metrics
            waited = sum(sum(histogram.counts) for histogram in metrics.upstream.values())

    lines = [json.loads(line) for line in (tmp_path / "access.log").read_text().splitlines()]
    assert [(one["decision"], one["status"], one["path"], one["host"], one["address"]) for one in lines[:3]] == [
        ("allow", 200, "/secret", "api.example.com", "192.0.2.7"),
        ("deny", 400, "/a/../b", "api.example.com", "192.0.2.7"),
        ("error", 503, "/open", "api.example.com", "192.0.2.7"),
    ]
    assert (lines[0]["upstream"], lines[0]["endpoint"], lines[0]["credential"]) == ("old", "decision", "legacy")
    assert waited == 0  # the upstream was not asked, and is not said to be quick
    (error,) = [one for one in events if one["log_level"] == "error"]
    assert (error["dialect"], error["why"]) == ("nginx", "x-forwarded-method is missing")
    assert CANARY not in (tmp_path / "access.log").read_text() + str(events)


async def test_brief_is_200_or_403_and_the_explanation_has_the_whole_of_it(tmp_path):
    async with edge(tmp_path):
        yes = await say(head("/open", "/brief"), path=tmp_path)
        for target, status in (("/nothing", 404), ("/a/../b", 400), ("/who", 401)):
            no = await say(head(target, "/brief"), path=tmp_path)
            (said,) = fields(no)["Ostiary-Refusal"]
            whole = await say(head(target, "/explain", Ostiary_Refusal=said), path=tmp_path)
            assert no.startswith(b"HTTP/1.1 403 ")
            assert whole.startswith(b"HTTP/1.1 %d " % status)
    assert yes.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("dialect", get_args(DecisionDialect))
@pytest.mark.parametrize(
    "value", ["{http.request.tls.client.certificate_der_base64}", "$ssl_client_escaped_cert", "%[x]"]
)
def test_a_placeholder_is_no_certificate_in_any_dialect_and_the_log_says_so_loudly(tmp_path, dialect, value):
    """A proxy whose configuration is wrong sends the name of its variable, and not what is in it."""
    write_certificates(tmp_path / "ca.pem", [Authority.create("CA").certificate])
    client = ClientSpec(mode="optional", authorities=["file:ca.pem"])
    told = told_certificates(DecideSpec(dialect=dialect, client=client), tmp_path)
    with capture_logs() as events, pytest.raises(InvalidCertificate) as refused:
        told.peer(Peer("192.0.2.7"), Headers.of([(HEADERS[dialect], value.encode())]))
    assert refused.value.reason is Reason.CERTIFICATE_UNREADABLE
    assert [(one["log_level"], one["value"]) for one in events] == [("error", value)]
