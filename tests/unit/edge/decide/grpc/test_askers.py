"""Who may ask by gRPC, how, and of whose certificate?"""

from __future__ import annotations

import asyncio
import json
import ssl
from urllib.parse import quote

import pytest
from tests.support.grpc_calls import Caller, asked, calling, message, prefixed

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity


def octets(*told, **more) -> bytes:
    return prefixed(message(*told, **more).SerializeToString())


async def test_a_certificate_is_told_beside_the_request(tmp_path):
    authority = Authority.create("CA")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    write_identity(tmp_path / "john.pem", tmp_path / "john.key", authority.issue_client(cn="john"))
    told = quote((tmp_path / "john.pem").read_text(), safe="").encode()
    client = "client: {mode: optional, authorities: [file:ca.pem]}"
    listener = f"{{bind: 'unix:FOLDER/s', decide: {{dialect: envoy-grpc, {client}}}}}"
    async with asked(tmp_path, listener), calling(tmp_path) as caller:
        john = await caller.call([octets("/who", certificate=told)])
        forged = await caller.call([octets("/who", (b"x-client-cert", told))])
        garbage = await caller.call([octets("/open", certificate=b"abc")])
    assert john.allowed
    reasons = [json.loads(one.response.denied_response.body)["reason"] for one in (forged, garbage)]
    assert reasons == ["certificate.missing", "certificate.unreadable"]


async def test_a_process_that_is_not_the_proxy_is_cut_off_before_a_word_is_read(tmp_path):
    listener = "{bind: 'unix:FOLDER/s', decide: {dialect: envoy-grpc, local: {users: [4294967]}}}"
    async with asked(tmp_path, listener), calling(tmp_path) as caller:
        with pytest.raises((EOFError, ConnectionError)):
            await caller.call([octets()])


async def test_http_1_is_not_spoken_in_clear(tmp_path):
    async with asked(tmp_path):
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
        writer.write(b"GET /open HTTP/1.1\r\nHost: ostiary\r\n\r\n")
        assert b"HTTP/1" not in await asyncio.wait_for(reader.read(), 10)
        writer.close()


@pytest.mark.parametrize(("name", "protocols", "scheme", "served"), [
    ("proxy", ["h2"], b"https", True), ("other", ["h2"], b"https", False),
    ("proxy", ["h2"], b"http", True), ("proxy", ["h2"], b"ftp", False),  # Envoy says http of its own calls
    ("proxy", ["http/1.1"], b"https", False), ("proxy", [], b"https", False),
])  # fmt: skip
async def test_beyond_this_machine_only_a_certificate_of_the_right_name_may_ask(
    tmp_path, name, protocols, scheme, served
):
    authority = Authority.create("CA")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    for one, identity in {
        "server": authority.issue_server("localhost"),
        "proxy": authority.issue_client(cn="proxy", dns=["proxy.example"]),
        "other": authority.issue_client(cn="other", dns=["other.example"]),
    }.items():
        write_identity(tmp_path / f"{one}.pem", tmp_path / f"{one}.key", identity)
    listener = (
        "{bind: '127.0.0.1:0', tls: {certificate: file:server.pem, private_key: file:server.key, "
        "client: {mode: required, authorities: [file:ca.pem]}}, "
        "decide: {dialect: envoy-grpc, proxy: {match: {san.dns: proxy.example}}}}"
    )
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    context.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
    if protocols:
        context.set_alpn_protocols(protocols)
    async with asked(tmp_path, listener) as edge:
        where = {"port": edge.port, "server_hostname": "localhost"}
        reader, writer = await asyncio.open_connection("127.0.0.1", ssl=context, **where)
        caller = Caller(reader, writer)
        try:
            ended = await caller.call([octets()], scheme=scheme)
        except (EOFError, OSError):
            ended = None
        caller.abort()
    assert (ended is not None and ended.allowed) is served
