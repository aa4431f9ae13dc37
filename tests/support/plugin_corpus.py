"""The corpus of requests, as octets and as expectations."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tests.support.plugin import BASIC, CANARY, KEY, Said, World

FILE = Path(__file__).parents[1] / "integration" / "proxies" / "corpus.yaml"


@dataclass(frozen=True)
class Case:
    """One request, and what becomes of it; see the head of corpus.yaml."""

    name: str
    ask: str
    status: int | list[int]
    token: str | None = None
    cert: str | None = None
    headers: list[str] = field(default_factory=list)
    host: str = "localhost"
    body: str | None = None
    reason: str | None = None
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """What is asked for."""
        return self.ask.partition(" ")[2]

    @property
    def server_name(self) -> str:
        """What TLS is asked for (RFC 6066): the host, if it is one."""
        name = self.host.partition(":")[0].lower()
        return "localhost" if " " in name else name

    def raw(self, world: World, *more: str) -> bytes:
        """Return the request as it is sent, with more fields."""
        lines = [f"{self.ask} HTTP/1.1", f"Host: {self.host}", "Connection: close", *more]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {world.tokens[self.token]}")
        lines += [line.replace("GOOD", world.tokens["good"]).replace("KEY", KEY.decode()) for line in self.headers]
        body = (self.body or "").encode()
        lines += [f"Content-Length: {len(body)}"] * (self.body is not None)
        return "\r\n".join([*lines, "", ""]).encode() + body

    def wrong(self, said: Said, *, native: bool, exceptions: dict[str, Any]) -> str | None:
        """Return what is wrong with an answer, or None."""
        allowed = [self.status] if isinstance(self.status, int) else self.status if not native else self.status[:1]
        allowed = [exceptions.get("status", {}).get(one, one) for one in allowed]
        if said.status not in allowed:
            return f"{said.status} in place of {allowed}: {said.content[:200]!r}"
        told = said.status not in exceptions.get("silent", ())
        if told and self.reason and said.status == self.status and said.reason != self.reason:
            return f"{said.reason} in place of {self.reason}"
        if any(BASIC in value or CANARY in value for _, value in said.fields):
            return "the caller was told the credential"
        if said.status == 200 and not self.ask.startswith("HEAD "):
            return self._wrong_upstream(said)
        return None

    def _wrong_upstream(self, said: Said) -> str | None:
        if said.target != self.target:
            return f"{said.target} was forwarded, {self.target} was judged"
        for name, value in self.seen.items():
            wanted = BASIC if value == "BASIC" else value
            found = [one for one in said.seen.get(name, []) if one]
            if found != ([wanted] if wanted else []):
                return f"the upstream was sent {name}: {found}"
        return None


def corpus() -> list[Case]:
    """Return every case."""
    return [Case(**case) for case in YAML(typ="safe").load(FILE.read_text())]
