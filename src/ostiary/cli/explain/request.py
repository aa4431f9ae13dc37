"""The request that is to be explained: from flags, from a pasted curl command, or from a HAR file."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ostiary.cli.frame import Exit, fail
from ostiary.cli.presented import read_token
from ostiary.cli.reading import read_octets, read_text
from ostiary.explain.question import Question, Unreadable, read_certificate

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method (RFC 9110, sections 5.6.2 and 9.1)."""
_VALUES: Final = frozenset(
    ("-A", "--user-agent", "-b", "--cookie", "-o", "--output", "--cacert", "--capath", "--key", "--resolve",
     "--connect-to", "-m", "--max-time", "--connect-timeout", "-w", "--write-out", "-e", "--referer", "-x", "--proxy",
     "--cert-type", "--key-type", "--pass", "--retry", "-T", "--upload-file", "-c", "--cookie-jar")
)  # fmt: skip
_DATA: Final = frozenset(("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "-F", "--form"))


@dataclass(slots=True)
class Asked:
    """A request.

    Attributes:
        method, url: the request line; without a method it is GET.
        headers: its fields, in order.
        certificate: a file with the client's certificate (PEM), or None.
    """

    method: str | None = None
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    certificate: Path | None = None

    def question(self, source: str, certificate: Path | None) -> Question:
        """Return what is asked.

        Args:
            source: where the caller connects from.
            certificate: a file with its certificate (PEM), in place of the one that the request names.
        """
        scheme, authority, target = self.target()
        named = any(name.lower() == "host" for name, _ in self.headers)
        fields = self.headers if named else [("Host", authority), *self.headers]
        return Question(
            method=self.method or "GET",
            scheme=scheme,
            target=_octets(target),
            fields=tuple((_octets(name), _octets(value)) for name, value in fields),
            source=source,
            certificate=_certificate(certificate or self.certificate),
        )

    def target(self) -> tuple[str, str, str]:
        """Return scheme, authority and target.

        Raises:
            Unreadable: there is no URL, or it is none of http or https.
        """
        try:
            parts = urlsplit(self.url if "://" in self.url else f"https://{self.url}")
        except ValueError as error:
            raise Unreadable(f"the URL cannot be read: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise Unreadable("a URL is wanted: https://api.example.com/accounts/1")
        rest = self.url.partition("://")[2] or self.url
        path = rest[len(parts.netloc) :].partition("#")[0]
        return parts.scheme, parts.netloc.rpartition("@")[2], path if path.startswith("/") else f"/{path}"


def _octets(text: str) -> str:
    """Return the octets of a text as letters; those of an argument that is not UTF-8 are as they were typed."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:  # half a character, from a HAR file
        fail("usage", "the request holds half a character, which cannot be sent", exit_code=Exit.USAGE)


def _certificate(path: Path | None) -> str | None:
    if path is None:
        return None
    data = read_octets(path)
    try:
        read_certificate(data)
    except Unreadable:
        fail("explain.certificate", "there is no certificate in the file", where=str(path))
    return data.decode("ascii", "replace")


def asked_of(
    words: Sequence[str],
    fields: Sequence[str],
    *,
    curl: str | None = None,
    har: Path | None = None,
    entry: int = 0,
    token: Path | None = None,
) -> Asked:
    """Return the request that a command line describes; wrong usage ends the command."""
    try:
        asked = _asked(words, curl, har, entry)
        for line in fields:
            add_field(asked, line)
    except Unreadable as error:
        fail("usage", str(error), exit_code=Exit.USAGE)
    if token is not None:
        asked.headers.append(("Authorization", f"Bearer {read_token(token).decode('ascii', 'replace')}"))
    return asked


def _asked(words: Sequence[str], curl: str | None, har: Path | None, entry: int) -> Asked:
    asked = Asked()
    if curl is not None:
        from_curl(curl, asked)
    if har is not None:
        from_har(read_text(har), entry, asked)
    if len(words) > 2:  # noqa: PLR2004 - a method and a URL
        raise Unreadable("a method and a URL are wanted, no more")
    if words:
        _request_line(words, asked)
    asked.target()
    return asked


def _request_line(words: Sequence[str], asked: Asked) -> None:
    """Take `GET https://...`, or either of the two."""
    method, url = words if len(words) > 1 else (words[0], "") if words[0].upper() in _METHODS else ("", words[0])
    if method and not _TOKEN.fullmatch(method):
        raise Unreadable(f"{method[:40]!r} is no method; `ostiary explain GET https://api.example.com/accounts/1`")
    known = method.upper() in _METHODS
    asked.method = (method.upper() if known else method) or asked.method
    asked.url = url or asked.url


def add_field(asked: Asked, line: str) -> None:
    """Add `Name: value`.

    Raises:
        Unreadable: it is no field.
    """
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise Unreadable("a header is `Name: value`")
    asked.headers.append((name.strip(), value.strip()))


def from_curl(command: str, asked: Asked) -> None:
    """Read a curl command as people paste it.

    Raises:
        Unreadable: it is none.
    """
    try:
        words = shlex.split(command.replace("\\\n", " "))
    except ValueError as error:
        raise Unreadable(f"the curl command cannot be read: {error}") from error
    if not words or Path(words[0]).name != "curl":
        raise Unreadable("the command does not begin with curl")
    options = list(_options(words[1:]))
    for option, value in options:
        _take(asked, option, value)
    given = {option for option, _ in options}
    data = [value for option, value in options if option in _DATA]
    if given & {"-G", "--get"}:
        asked.url += "".join(f"{'&' if '?' in asked.url or at else '?'}{value}" for at, value in enumerate(data))
    elif asked.method is None and data:
        asked.method = "POST"
    if "--path-as-is" not in given:
        asked.url = _squashed(asked.url)


def _squashed(url: str) -> str:
    """Return the URL as curl asks for it: without dot segments (RFC 3986, section 5.2.4)."""
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    place, query, asked = rest.partition("?")
    authority, slash, path = place.partition("/")
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return f"{scheme}{mark}{authority}{slash}{'/'.join(kept)}{query}{asked}"


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return options with their values; the URL stands under an empty one."""
    rest = iter(words)
    wanting = {"-X", "--request", "-H", "--header", "-u", "--user", "-E", "--cert", "--oauth2-bearer", "--url"}
    wanting |= _VALUES | _DATA
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            yield (name, value) if equals and name in wanting else (word, next(rest, "") if word in wanting else "")
        elif word[:2] in wanting:
            yield word[:2], word[2:] or next(rest, "")
        else:
            yield from ((f"-{letter}", "") for letter in word[1:])


def _take(asked: Asked, option: str, value: str) -> None:
    match option:
        case "" | "--url":
            asked.url = asked.url or value
        case "-X" | "--request":
            asked.method = value
        case "-H" | "--header":
            add_field(asked, value)
        case "-I" | "--head":
            asked.method = "HEAD"
        case "-u" | "--user":
            asked.headers.append(("Authorization", f"Basic {b64encode(value.encode()).decode()}"))
        case "--oauth2-bearer":
            asked.headers.append(("Authorization", f"Bearer {value}"))
        case "-E" | "--cert":
            asked.certificate = Path(value.partition(":")[0])


def from_har(text: str, entry: int, asked: Asked) -> None:
    """Read one request of a HAR file (HTTP Archive 1.2), as browsers save it.

    Raises:
        Unreadable: it is none, or has no such entry.
    """
    try:
        request: dict[str, Any] = json.loads(text)["log"]["entries"][entry]["request"]
        asked.method, asked.url = str(request["method"]), str(request["url"])
        fields = [(str(one["name"]), str(one["value"])) for one in request["headers"]]
    except (ValueError, LookupError, TypeError) as error:
        raise Unreadable(f"the HAR file has no request {entry} that can be read") from error
    asked.headers += [(name, value) for name, value in fields if not name.startswith(":")]  # of HTTP/2
