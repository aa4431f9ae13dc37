"""One reading of a path and of a host (RFC 3986, RFC 9110 section 4.2).

What can be read in two ways is refused: the gateway matches on one canonical path and forwards the
target as it was received, so the two must not be able to differ.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import unquote_to_bytes

from ostiary.errors import BadRequest
from ostiary.reasons import Reason

_PLAIN: Final = re.compile(rb"(?:/[A-Za-z0-9\-_~!$&'()*+,=:@][A-Za-z0-9\-_~.!$&'()*+,=:@]*)*/?")
"""Paths that need no second look: no escapes, no segment that begins with a dot, no parameters."""

_CHARACTERS: Final = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_QUERY: Final = re.compile(rb"[\x21\x22\x24-\x7e]*")
_HIDING: Final = re.compile(rb"(?i)%(?:2f|5c)")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_HOST: Final = re.compile(
    rb"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)
_PORTS: Final = 65535
_LONGEST: Final = 253 + len("[]:65535")  # octets of a name (RFC 1035, section 2.3.4), and what may stand around it


def canonical_path(target: bytes) -> str:
    """Return the path that routes are matched on: percent-decoded once, case kept.

    Args:
        target: path and query in origin form (RFC 9112, section 3.2.1), as received.

    Raises:
        BadRequest: the target has another form, is not valid, or can be read in two ways.
    """
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/") or not _QUERY.fullmatch(query):
        raise BadRequest("a target in another form, or with characters it may not hold", reason=Reason.PATH_INVALID)
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    return _second_look(path)


def _second_look(path: bytes) -> str:
    if b"\\" in path or b"//" in path or _HIDING.search(path):
        raise BadRequest("an encoded slash, a backslash, or //", reason=Reason.PATH_AMBIGUOUS)
    if b";" in path:  # some servers drop what follows: `/admin;x` is their `/admin`
        raise BadRequest("a parameter in the path", reason=Reason.PATH_AMBIGUOUS)
    if not _CHARACTERS.fullmatch(path):
        raise BadRequest("a character that a path may not hold, or a broken escape", reason=Reason.PATH_INVALID)
    decoded = unquote_to_bytes(path)
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("a path that is not UTF-8", reason=Reason.PATH_INVALID) from None
    if any(character < " " or "\x7f" <= character < "\xa0" for character in text):
        raise BadRequest("a control character in the path", reason=Reason.PATH_INVALID)
    if _ESCAPE.search(text):  # `%252e`, and `%25%32%65` as well
        raise BadRequest("an escaped escape", reason=Reason.PATH_AMBIGUOUS)
    for segment in _plain(text).split("/"):
        if segment.partition(";")[0].strip() in (".", ".."):  # and `..%20`, whose end some file systems drop
            raise BadRequest("a dot segment", reason=Reason.PATH_AMBIGUOUS)
    return text


def _plain(text: str) -> str:
    """Return a path as servers read it that fold characters into plainer ones (Unicode Standard Annex 15, NFKC).

    Raises:
        BadRequest: one of them would turn into what divides a path, as U+FF0F into a slash (CVE-2019-9636 was that).
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if any(plain.count(divider) != text.count(divider) for divider in "/\\;%?#"):
        raise BadRequest("a character that some servers take for a slash", reason=Reason.PATH_AMBIGUOUS)
    return plain


@lru_cache(maxsize=1024)
def canonical_host(authority: bytes) -> str:
    """Return the host of a Host field: lower case, no port, no trailing dot.

    Raises:
        BadRequest: it is not host[:port] (RFC 9110, section 7.2).
    """
    if len(authority) > _LONGEST:  # and so is never remembered, however many are made up
        raise BadRequest("Host is longer than any name", reason=Reason.HOST_INVALID)
    if authority.startswith(b"["):
        host, closed, rest = authority[1:].partition(b"]")
        port = rest[1:] if rest.startswith(b":") else b"0"
        valid = bool(closed) and (not rest or rest.startswith(b":")) and _is_ipv6(host)
    else:
        host, colon, port = authority.partition(b":")
        port = port if colon else b"0"
        host = host.removesuffix(b".")
        valid = _HOST.fullmatch(host) is not None
    if not valid or not _is_port(port):
        raise BadRequest("Host is not host[:port]", reason=Reason.HOST_INVALID)
    return host.decode("ascii").lower()


def _is_port(text: bytes) -> bool:
    return text.isdigit() and len(text) <= 5 and int(text) <= _PORTS  # noqa: PLR2004 - digits of 65535


def _is_ipv6(text: bytes) -> bool:
    try:
        IPv6Address(text.decode("ascii"))
    except ValueError:
        return False
    return b"%" not in text
