"""The door to the admin pages: who may ask, and the way from our edge to an ASGI application.

The pages are behind the same edge as everything else, so that reading octets from strangers, with its limits
and its patience, stands in one place. What is asked here is small and has no body.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from ostiary.admin.body import check_asker, whole
from ostiary.authn.bearer import take_token
from ostiary.config.schema import AdminSpec
from ostiary.config.secrets import resolve
from ostiary.errors import CredentialsMissing, InvalidToken, MethodNotAllowed, MisdirectedRequest, RouteNotFound
from ostiary.keys import PATHS
from ostiary.model import Answer, Headers, Request, Secret
from ostiary.observe.access import AccessLog
from ostiary.reasons import Reason

Application = Callable[[Any, Any, Any], Awaitable[None]]
Message = MutableMapping[str, Any]

_READ: Final = ("GET", "HEAD")
_METHODS: Final = {"/explain": ("POST",)}
"""Where something is asked with a document; everything else is read."""
_OPEN: Final = frozenset(("/livez", "/healthz", "/readyz", *PATHS))
_NOT_FOUND: Final = 404
_ALWAYS: Final = [
    (b"Cache-Control", b"no-store"),
    (b"X-Content-Type-Options", b"nosniff"),
    (
        b"Content-Security-Policy",
        b"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
]


class AdminHandler:
    """Answers for the admin listener; an `edge.carry.Handler`.

    Args:
        app: the pages.
        hosts: names under which they may be asked for. Others are refused, or a page on some web site could have
            its readers' browsers ask, under a name that it lets point here (DNS rebinding).
        token: what readers show, or None.
        access: where each request gets its line; nowhere by default.
    """

    def __init__(
        self, app: Application, hosts: frozenset[str], token: Secret | None, access: AccessLog | None = None
    ) -> None:
        self.access = access or AccessLog()
        self._app = app
        self._hosts = hosts
        self._token = token

    async def handle(self, request: Request, answer: Answer) -> None:
        """Answer one request.

        Raises:
            MethodNotAllowed: the page is only read, or only asked.
            BadRequest: a web page asks, or what is asked is no document.
            ContentTooLarge: the document is larger than one is.
            MisdirectedRequest: it is for a name that is not ours.
            Unauthenticated: a token is asked for.
            RouteNotFound: there is no such page.
        """
        request.record.route = "admin"
        methods = _METHODS.get(request.path, _READ)
        if request.method not in methods:
            raise MethodNotAllowed("the admin pages change nothing", allow=methods)
        if not self._ours(request.host):
            raise MisdirectedRequest("a name that `admin.hosts` does not have")
        known = self._known(request)
        if not known and request.path not in _OPEN:
            raise CredentialsMissing("no token", reason=Reason.TOKEN_MISSING)
        reply = _Reply(request, await _document(request))
        await self._app(_scope(request, known=known), reply.receive, reply.send)
        if reply.status == _NOT_FOUND:
            raise RouteNotFound("no such page")
        reply.give(answer)

    def _ours(self, host: str) -> bool:
        """Whether a host is one of `admin.hosts`, of which `*.` stands for one label, or an address."""
        return host in self._hosts or f"*.{host.partition('.')[2]}" in self._hosts or _is_address(host)

    def _known(self, request: Request) -> bool:
        """Whether the reader may see more than that we are alive."""
        if self._token is None:
            return True
        request.record.challenges = ('Bearer realm="ostiary admin"',)
        shown = take_token(request.headers)
        if shown is None:
            return False
        if not hmac.compare_digest(shown, self._token.reveal()):
            raise InvalidToken("another token", reason=Reason.TOKEN_SIGNATURE_INVALID)
        return True


class _Reply:
    """What the application answers, kept until it is whole; and the source of its answer, which nobody pauses."""

    def __init__(self, request: Request, body: bytes) -> None:
        self._body = body
        self._head = request.method == "HEAD"
        self._fields: list[tuple[bytes, bytes]] = []
        self._content = b""
        self._asked = False
        self.status = 0

    async def receive(self) -> Message:
        """Give what is asked, and then nobody is there."""
        asked, self._asked = self._asked, True
        if asked:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Take a piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._fields = [(name, value) for name, value in message["headers"] if name != b"content-length"]
        else:
            self._content += message.get("body", b"")

    def give(self, answer: Answer) -> None:
        """Send it."""
        said = {name.lower() for name, _ in self._fields}
        more = [(name, value) for name, value in _ALWAYS if name.lower() not in said]
        answer.start(self.status, Headers.of([*self._fields, *more]), len(self._content), self)
        answer.write(self._content)
        answer.finish()

    def pause(self) -> None:
        """It is all there."""

    def resume(self) -> None:
        """It is all there."""


def compile_admin(app: Application, spec: AdminSpec, folder: Path, access: AccessLog | None = None) -> AdminHandler:
    """Return the door that a block of the configuration describes.

    Raises:
        ConfigError: the token is not there.
    """
    token = None if spec.token is None else resolve(spec.token, folder)
    return AdminHandler(app, frozenset(("localhost", *spec.hosts)), token, access)


async def _document(request: Request) -> bytes:
    """Return what is asked with; nothing where a page is read."""
    if request.method != "POST":
        return b""
    check_asker(request.headers)
    return await whole(request.body)


def _scope(request: Request, *, known: bool) -> Message:
    path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers if name.lower() != b"authorization"],
        "client": (request.peer.address, 0),
        "server": None,
        "state": {"known": known},
    }


def _is_address(host: str) -> bool:
    """Whether a host is an IP address: no name server has a say in where that points."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
