"""Sign requests as AWS wants them: Signature Version 4, in the header `Authorization`.

What is signed: method, path, query, Host, the date, and the headers that go along. The body is never read: it is
either empty, or not signed (`UNSIGNED-PAYLOAD`, which S3 accepts over TLS). The caller's own `x-amz-` headers are
removed, because signed they would be orders in the gateway's name; those that the route names pass, and are signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final
from urllib.parse import quote, unquote_to_bytes

from ostiary.errors import CredentialUnavailable
from ostiary.inject.encoded import Each, Obtainable, finder
from ostiary.inject.template import unsafe
from ostiary.inject.write import note, put, unusable
from ostiary.model import Credential, CredentialSource, Headers, Outbound

ALGORITHM: Final = b"AWS4-HMAC-SHA256"
_EMPTY: Final = hashlib.sha256(b"").hexdigest().encode()
_UNSIGNED: Final = b"UNSIGNED-PAYLOAD"
_OURS: Final = frozenset((b"authorization", b"x-amz-date", b"x-amz-security-token", b"x-amz-content-sha256"))
_NAME: Final = re.compile(r"[A-Za-z0-9]{1,128}")
_VISIBLE: Final = re.compile(rb"[!-~]+")
_BLANKS: Final = re.compile(rb" +")
_TRIES: Final = 2
MOST: Final = 1024  # keys of a day that are remembered


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a signature counts."""

    region: str
    service: str

    def of(self, date: str) -> str:
        """Return it as it is written, for a day such as 20261123."""
        return f"{date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True)
class SigV4Injector:
    """Signs requests.

    Attributes:
        credential: the id is the access key id, the secret the secret access key; everybody's, or each caller's.
        session: the session token that belongs to them, for temporary ones, or None.
        scope: where signatures count.
        host: what the upstream is sent as Host; the caller's by default.
        unsigned: whether a body goes along unsigned; otherwise there must be none.
        passing: folded names of the caller's headers that are signed.
        clock: seconds since the epoch.
    """

    owns: ClassVar[frozenset[bytes]] = _OURS
    credential: CredentialSource | Each
    session: CredentialSource | Each | None
    scope: Scope
    host: bytes | None
    unsigned: bool
    passing: frozenset[bytes]
    clock: Callable[[], float] = time.time
    _keys: dict[int, tuple[Credential, str, bytes]] = field(default_factory=dict, init=False, repr=False, compare=False)

    _find: Callable[[Outbound], Obtainable] = field(init=False, repr=False, compare=False)
    _find_session: Callable[[Outbound], Obtainable] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_find", finder(self.credential))
        object.__setattr__(self, "_find_session", None if self.session is None else finder(self.session))

    async def inject(self, outbound: Outbound) -> None:
        """Sign.

        Raises:
            CredentialUnavailable: there is no credential, or it is no key of AWS.
            Forbidden: there is a body, which cannot be signed.
        """
        if not self.unsigned and outbound.request.body.length != 0:
            raise unsafe("a body is not read, so it cannot be signed")
        credential, session = await self._credentials(outbound)
        note(outbound, credential)
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.clock()))
        self._write(outbound, at, session)
        signed, text = self._text(outbound, at)
        signature = hmac.new(self._key(credential, at[:8]), text, hashlib.sha256).hexdigest()
        value = b"%b Credential=%b/%b, SignedHeaders=%b, Signature=%b" % (
            *(ALGORITHM, credential.id.encode(), self.scope.of(at[:8]).encode()),
            *(signed, signature.encode()),
        )
        put(outbound, b"Authorization", value)

    async def _credentials(self, outbound: Outbound) -> tuple[Credential, Credential | None]:
        """Return the key and the session token of one version: they may be replaced while they are asked for."""
        for _ in range(_TRIES):
            credential = await self._find(outbound).get()
            if not _NAME.fullmatch(credential.id):
                raise unusable(credential, "the id is no access key id")
            if self._find_session is None:
                return credential, None
            session = await self._find_session(outbound).get()
            if not _VISIBLE.fullmatch(session.secret.reveal()):
                raise unusable(session, "the secret is no session token")
            if session.version == credential.version:
                return credential, session
        raise CredentialUnavailable(f"{credential.alias}: key and session token are of two versions", retry_after=1)

    def _write(self, outbound: Outbound, at: str, session: Credential | None) -> None:
        """Write what is signed beside the signature."""
        headers = outbound.headers
        headers.fields = [one for one in headers.fields if one[1] in self.passing or not one[1].startswith(b"x-amz-")]
        put(outbound, b"X-Amz-Date", at.encode())
        if self.unsigned or self.scope.service == "s3":
            put(outbound, b"X-Amz-Content-SHA256", _UNSIGNED if self.unsigned else _EMPTY)
        if session is not None:
            put(outbound, b"X-Amz-Security-Token", session.secret.reveal())

    def _text(self, outbound: Outbound, at: str) -> tuple[bytes, bytes]:
        """Return the names of the signed headers, and the text that is signed."""
        path, _, query = outbound.target.partition(b"?")
        host = outbound.request.authority if self.host is None else self.host
        lines, names = _headers(outbound.headers, host, self.passing)
        payload = _UNSIGNED if self.unsigned else _EMPTY
        method, uri = outbound.request.method.encode(), canonical_path(path, once=self.scope.service == "s3")
        request = b"\n".join((method, uri, canonical_query(query), lines, names, payload))
        digest = hashlib.sha256(request).hexdigest().encode()
        return names, b"\n".join((ALGORITHM, at.encode(), self.scope.of(at[:8]).encode(), digest))

    def _key(self, credential: Credential, date: str) -> bytes:
        """Return the key of a day, derived once for each credential."""
        known = self._keys.get(id(credential))
        if known is None or known[0] is not credential or known[1] != date:
            if len(self._keys) >= MOST:
                self._keys.clear()
            key = derived(credential.secret.reveal(), self.scope.of(date))
            known = self._keys[id(credential)] = credential, date, key
        return known[2]


def derived(secret: bytes, scope: str) -> bytes:
    """Return the key that signs within a scope."""
    key = b"AWS4" + secret
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key


def canonical_path(path: bytes, *, once: bool) -> bytes:
    """Return a path as it is signed: percent-encoded as S3 has it, or, for everybody else, once more."""
    plain = unquote_to_bytes(path) if once else path
    return quote(plain, safe="/-_.~").encode()


def canonical_query(query: bytes) -> bytes:
    """Return a query as it is signed: each name and value encoded in one way, in order."""
    pieces = [piece.partition(b"=") for piece in query.split(b"&") if piece]
    pairs = sorted((_encoded(name), _encoded(value)) for name, _, value in pieces)
    return b"&".join(b"%b=%b" % pair for pair in pairs)


def _encoded(text: bytes) -> bytes:
    return quote(unquote_to_bytes(text), safe="-_.~").encode()


def _headers(headers: Headers, host: bytes, passing: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Return the signed headers, a line each, and their names."""
    values: dict[bytes, list[bytes]] = {b"host": [host]}
    for name, folded, value in headers.fields:
        if folded in passing or folded.startswith(b"x-amz-"):
            values.setdefault(name.lower(), []).append(_BLANKS.sub(b" ", value.strip(b" ")))
    lines = b"".join(b"%b:%b\n" % (name, b",".join(values[name])) for name in sorted(values))
    return lines, b";".join(sorted(values))
