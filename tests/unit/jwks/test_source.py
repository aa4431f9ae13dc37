"""What can whoever answers for an issuer do to us? A web server on loopback plays the issuer."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.origin import Origin, ok, origin
from tests.support.tokens import Signer, issuer_spec, key_set

from ostiary.errors import InvalidToken, KeysUnavailable
from ostiary.jwks import Issuer, compile_issuer
from ostiary.jwks.discovery import Discovery, discovery_url, jwks_url_of, metadata_url
from ostiary.jwks.source import MAX_DOCUMENT, Document, FetchError
from ostiary.jwks.web import HttpSource

ONE = Signer("one")
DOCUMENT = key_set(ONE)


@pytest.fixture
async def web() -> AsyncIterator[Origin]:
    async with origin() as running:
        running.answers["/jwks"] = ok(DOCUMENT)
        yield running


async def fetch(web: Origin, path: str | None = "/jwks", patience: float = 2.0) -> bytes:
    place = Discovery(web.url()) if path is None else web.url(path)
    source = HttpSource(place, patience, ssl.create_default_context())
    try:
        return (await source.fetch()).content or b""
    finally:
        await source.aclose()


async def refused(web: Origin, path: str | None = "/jwks", patience: float = 2.0) -> str:
    with pytest.raises(FetchError) as caught:
        await fetch(web, path, patience)
    return str(caught.value)


async def test_the_document_is_fetched_without_asking_for_compression(web: Origin) -> None:
    assert await fetch(web) == DOCUMENT
    assert b"accept-encoding: identity\r\n" in web.heads[0].lower()


async def test_the_environment_s_proxies_are_not_asked(web: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert await fetch(web) == DOCUMENT


@pytest.mark.attack(7)
@pytest.mark.parametrize("location", ["/elsewhere", "http://127.0.0.1:9/jwks", "file:///etc/passwd"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(web: Origin, status: int, location: str) -> None:
    web.answers["/jwks"] = f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    web.answers["/elsewhere"] = ok(DOCUMENT)
    assert str(status) in await refused(web)
    assert web.asked == {"/jwks": 1}


@pytest.mark.parametrize("status", [204, 304, 401, 404, 429, 500, 503])
async def test_only_200_has_a_document(web: Origin, status: int) -> None:
    web.answers["/jwks"] = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    assert str(status) in await refused(web)


async def test_a_document_may_be_as_large_as_allowed(web: Origin) -> None:
    web.answers["/jwks"] = ok(DOCUMENT.ljust(MAX_DOCUMENT))
    assert len(await fetch(web)) == MAX_DOCUMENT
    web.answers["/jwks"] = ok(DOCUMENT.ljust(MAX_DOCUMENT + 1))
    assert str(MAX_DOCUMENT) in await refused(web)


@pytest.mark.attack(11)
async def test_an_endless_document_takes_bounded_memory(web: Origin) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(50 * 16):
            writer.write(b"[" * 65536)
            await writer.drain()

    web.answers["/jwks"] = flood
    tracemalloc.start()
    assert str(MAX_DOCUMENT) in await refused(web)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 << 20


@pytest.mark.attack(11)
async def test_a_document_that_is_announced_too_large_is_not_waited_for(web: Origin) -> None:
    web.answers["/jwks"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n[" % (MAX_DOCUMENT + 1)  # and no more comes
    assert str(MAX_DOCUMENT) in await refused(web)


@pytest.mark.attack(11)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip"])
async def test_compressed_content_is_refused_unread(web: Origin, coding: str) -> None:
    web.answers["/jwks"] = ok(gzip.compress(b" " * (50 << 20)), f"Content-Encoding: {coding}")
    assert "compressed" in await refused(web)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(1000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    for octet in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100:
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.attack(11)
@pytest.mark.parametrize("slow", [drip, hang, drip_head])
async def test_the_whole_fetch_is_bounded_in_time(web: Origin, slow: Callable[..., Awaitable[None]]) -> None:
    web.answers["/jwks"] = slow
    began = asyncio.get_running_loop().time()
    await refused(web, patience=0.2)
    assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    "garbage", [b"", b"\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"]
)
async def test_what_is_not_http_is_refused(web: Origin, garbage: bytes) -> None:
    web.answers["/jwks"] = garbage
    await refused(web)


async def test_nobody_there_is_refused() -> None:
    async with origin() as gone:
        pass
    await refused(gone)


# --- discovery ---------------------------------------------------------------------------------

METADATA = "/.well-known/openid-configuration"


def metadata(web: Origin, **changes: Any) -> bytes:
    return ok(json.dumps({"issuer": web.url(), "jwks_uri": web.url("/jwks"), **changes}).encode())


async def test_the_key_set_is_found_by_discovery(web: Origin) -> None:
    web.answers[METADATA] = metadata(web)
    assert await fetch(web, None) == DOCUMENT


@pytest.mark.parametrize("other", ["https://evil.example", "", None, 5, "{}/", ["{}"]])
async def test_another_issuer_s_metadata_is_refused(web: Origin, other: Any) -> None:
    named = json.loads(json.dumps(other).replace("{}", web.url()))
    web.answers[METADATA] = metadata(web, issuer=named)
    assert "metadata's issuer" in await refused(web, None)
    assert web.asked == {METADATA: 1}


@pytest.mark.parametrize(
    "url", ["http://id.example.com/jwks", "file:///etc/passwd", "", None, 5, "/jwks", "https://u:p@a/x"]
)
async def test_metadata_names_only_urls_we_would_fetch_from(web: Origin, url: Any) -> None:
    web.answers[METADATA] = metadata(web, jwks_uri=url)
    assert "discovery" in await refused(web, None)


def test_an_issuer_elsewhere_cannot_send_us_to_our_own_loopback() -> None:
    document = json.dumps({"issuer": "https://id.example.com", "jwks_uri": "http://127.0.0.1:9200/secrets"}).encode()
    with pytest.raises(ValueError, match="http://"):
        jwks_url_of(document, "https://id.example.com")


@pytest.mark.parametrize("document", [b"", b"[]", b"<html>", b'{"issuer":"a","issuer":"a"}', b"{}"])
def test_metadata_that_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one exception for every fault
        jwks_url_of(document, "a")


def test_a_slash_at_the_end_of_an_issuer_is_not_doubled() -> None:
    assert discovery_url("https://a.example/") == discovery_url("https://a.example") == "https://a.example" + METADATA
    assert discovery_url("https://a.example/realms/bank") == "https://a.example/realms/bank" + METADATA


# --- the whole issuer --------------------------------------------------------------------------


async def live(issuer: Issuer) -> bool:
    """Whether the issuer's key is known; waits for a fetch if there is one to wait for."""
    try:
        return (await issuer.keys_for("one", "ES256")).find("one", "ES256") is not None
    except KeysUnavailable:
        return False


async def test_an_issuer_from_the_configuration_fetches_its_keys(web: Origin, tmp_path: Path) -> None:
    issuer = compile_issuer("bank", issuer_spec(issuer=web.url(), jwks_url=web.url("/jwks")), tmp_path)
    await issuer.start()
    assert await live(issuer)
    await issuer.aclose()


@pytest.mark.attack(9)
async def test_a_flood_of_unknown_key_ids_is_one_request_to_the_issuer(web: Origin, tmp_path: Path) -> None:
    issuer = compile_issuer("bank", issuer_spec(issuer=web.url(), jwks_url=web.url("/jwks")), tmp_path)
    await issuer.start()
    assert await live(issuer)
    flood = (issuer.keys_for(f"random-{number}", "ES256") for number in range(1000))
    answers = await asyncio.gather(*flood, return_exceptions=True)
    assert {type(answer) for answer in answers} == {InvalidToken}
    assert web.asked["/jwks"] == 2
    await issuer.aclose()


@pytest.mark.parametrize("trusted", [True, False])
async def test_only_the_configured_authorities_vouch_for_the_server(tmp_path: Path, *, trusted: bool) -> None:
    paths = {name: self_signed(tmp_path, name) for name in ("server", "other")}
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(paths["server"])
    async with origin(tls) as web:
        web.answers["/jwks"] = ok(DOCUMENT)
        authority = paths["server" if trusted else "other"].name
        spec = issuer_spec(jwks_url=web.url("/jwks"), authorities=[f"file:{authority}"])
        issuer = compile_issuer("bank", spec, tmp_path)
        await issuer.start()
        assert await live(issuer) is trusted
        await issuer.aclose()


def self_signed(folder: Path, name: str) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, with its key."""

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


# --- what does not have to be sent twice -------------------------------------------------------


async def fetch_twice(web: Origin, second: bytes) -> tuple[Document, Document]:
    source = HttpSource(web.url("/jwks"), 2.0, ssl.create_default_context())
    first = await source.fetch()
    web.answers["/jwks"] = second
    try:
        return first, await source.fetch(first.validator)
    finally:
        await source.aclose()


NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=90\r\nConnection: close\r\n\r\n'


async def test_an_entity_tag_is_shown_at_the_next_fetch(web: Origin) -> None:
    web.answers["/jwks"] = ok(DOCUMENT, 'ETag: "v1"', "Cache-Control: public, max-age=300")
    first, second = await fetch_twice(web, NOT_MODIFIED)
    assert first.lifetime == 300
    assert (second.content, second.validator, second.lifetime) == (None, first.validator, 90)
    assert b"if-none-match" not in web.heads[0].lower()
    assert b'if-none-match: "v1"\r\n' in web.heads[1].lower()


async def test_a_304_that_nobody_asked_for_is_refused(web: Origin) -> None:
    web.answers["/jwks"] = ok(DOCUMENT)
    with pytest.raises(FetchError, match="304"):
        await fetch_twice(web, NOT_MODIFIED)


async def test_the_tag_of_another_place_is_not_shown(web: Origin) -> None:
    web.answers["/jwks"] = ok(DOCUMENT, 'ETag: "v1"')
    source = HttpSource(web.url("/jwks"), 2.0, ssl.create_default_context())
    await source.fetch('https://elsewhere.example/jwks "v1"')
    await source.aclose()
    assert b"if-none-match" not in web.heads[0].lower()


async def test_metadata_of_an_authorization_server_is_between_host_and_path(web: Origin) -> None:
    identifier = web.url("/tenants/bank")
    path = "/.well-known/oauth-authorization-server/tenants/bank"
    web.answers[path] = metadata(web, issuer=identifier)
    source = HttpSource(Discovery(identifier, "oauth"), 2.0, ssl.create_default_context())
    assert (await source.fetch()).content == DOCUMENT
    await source.aclose()
    assert metadata_url("https://a.example") == "https://a.example/.well-known/oauth-authorization-server"
