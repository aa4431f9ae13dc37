"""Is the verdict the same inside an application, and does the client's certificate reach it?"""

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager

import pytest
import websockets
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from tests.support.inside_live import LIVE, WHERE, Life
from tests.support.inside_servers import APPS, SERVERS, on_granian, on_uvicorn, told
from tests.support.plugin_corpus import corpus

from ostiary.asgi import OstiaryMiddleware
from ostiary.observe.access import AccessLog

pytestmark = pytest.mark.integration
UNTOLD = {"open with an empty query"}  # ASGI has no word for a `?` that nothing follows
PLACES = [*(("uvicorn", app) for app in APPS), ("hypercorn", "starlette"), ("hypercorn", "litestar")]


@pytest.mark.parametrize(("server", "app"), PLACES)
def test_inside(made, server, app):
    wrong = {}
    with SERVERS[server](APPS[app](made), made) as port:
        for case in corpus():
            said = made.ask(port, case.raw(made), shown=case.cert, name=case.server_name)
            found = case.wrong(said, native=False, exceptions={})
            if found is not None and case.name not in UNTOLD:
                wrong[case.name] = found
    assert wrong == {}


def test_a_server_that_tells_of_no_certificate_lets_nobody_in_by_one(made):
    case = next(one for one in corpus() if one.name == "a certificate")
    with on_uvicorn(APPS["starlette"](made), made, http="httptools") as port:
        said = made.ask(port, case.raw(made), shown=case.cert)
    assert (said.status, said.reason) == (401, "certificate.missing")


@pytest.fixture
def lively(made):
    """A file whose only route wants a certificate, and lets WebSockets pass."""
    text = made.file.read_text()
    head, _, _ = text.partition("routes:")
    route = """routes:
  - name: live
    match: {path: "/api/live/**"}
    authenticate: {mtls: {subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}
    authorize: anyone
    upgrades: [websocket]
    upstream: old
    decision: allow-partial
"""
    file = made.folder / "lively.yaml"
    file.write_text(head + route)
    return file


def test_on_granian_who_needs_no_certificate_is_judged_alike_and_nobody_has_one(made):
    """It tells of none, and has no place where it could be made to: a gateway in front of it has to."""
    wrong = {}
    with on_granian(made) as port:
        for case in corpus():
            said = made.ask(port, case.raw(made), shown=case.cert, name=case.server_name)
            if case.cert is not None and case.target in ("/who", "/both"):
                found = None if (said.status, said.reason) == (401, "certificate.missing") else repr(said)
            else:
                found = case.wrong(said, native=False, exceptions={})
            if found is not None and case.name not in UNTOLD:
                wrong[case.name] = found
    assert wrong == {}


def shown(made) -> ssl.SSLContext:
    """What a caller with a certificate says TLS with."""
    context = ssl.create_default_context(cafile=made.folder / "ca.pem")
    context.load_cert_chain(made.folder / "john.pem", made.folder / "john.key")
    return context


@pytest.mark.parametrize("app", LIVE)
@pytest.mark.parametrize("server", SERVERS)
async def test_a_websocket_to_a_mounted_application_with_a_certificate_and_without(made, lively, server, app):
    inner = OstiaryMiddleware(LIVE[app](Life()), lively, access=AccessLog(), reload=False)

    @asynccontextmanager
    async def lifespan(_):
        async with inner:  # a mounted application has no lifespan of its own
            yield

    outer = Starlette(routes=[Mount("/api", inner)], lifespan=lifespan)
    nobody = ssl.create_default_context(cafile=made.folder / "ca.pem")
    with SERVERS[server](outer, made) as port:
        url = f"wss://localhost:{port}/api{WHERE}"
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(url, ssl=nobody):
                pass
        async with websockets.connect(url, ssl=shown(made)) as socket:
            assert await socket.recv() == "spiffe://example.com/bank/john"
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["reason"] == "certificate.missing"


@pytest.mark.parametrize("app", LIVE)
async def test_below_a_path_of_the_server_s_and_under_one_lifespan(made, lively, app):
    life = Life()
    inside = OstiaryMiddleware(LIVE[app](life), lively, access=AccessLog(), reload=False)
    with on_uvicorn(inside, made, root_path="/api") as port:
        assert life.noted == ["begins"]
        async with websockets.connect(f"wss://localhost:{port}{WHERE}", ssl=shown(made)) as socket:
            assert await socket.recv() == "spiffe://example.com/bank/john"
    assert life.noted == ["begins", "ends"]


@pytest.mark.parametrize("server", SERVERS)
def test_the_extension_is_the_one_of_the_specification(made, server):
    async def view(request):
        tls = request.scope["extensions"]["tls"]
        return JSONResponse({**told(request.scope), "tls": tls})

    app = Starlette(routes=[Route("/", view)])
    with SERVERS[server](app, made) as port:
        raw = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        shown = json.loads(made.ask(port, raw, shown="john").content)["tls"]
        nobody = json.loads(made.ask(port, raw).content)["tls"]
    leaf = (made.folder / "john.pem").read_text().partition("-----END")[0]
    assert shown["client_cert_chain"][0].startswith(leaf)
    assert (shown["client_cert_name"], shown["client_cert_error"], shown["tls_version"]) == ("CN=john", None, 0x0304)
    assert (nobody["client_cert_chain"], nobody["client_cert_name"]) == ([], None)
