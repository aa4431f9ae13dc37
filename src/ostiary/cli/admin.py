"""Ask the gateway that runs, at its admin listener: it judges with the objects that it serves with."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ostiary.cli.frame import Exit, fail
from ostiary.cli.reading import read_octets

if TYPE_CHECKING:
    from ostiary.explain.question import Question

TOKEN: Final = "OSTIARY_ADMIN_TOKEN"  # noqa: S105 - the name of a variable
_PATIENCE: Final = 10.0
_SHAPE: Final = frozenset(("verdict", "status", "reason", "route", "principal", "steps"))
_FACTS: Final = frozenset(("version", "state", "at", "configuration", "degraded", "requests", "routes"))


class Place:
    """An admin listener.

    Args:
        url: where it is.
        authority: a file with the authority of its certificate (PEM); by default the system's.
        code: for programs, when it cannot be asked.
    """

    def __init__(self, url: str, authority: Path | None = None, code: str = "explain.admin") -> None:
        self.url = url.rstrip("/")
        self._code = code
        self._authority = authority

    def explain(self, question: Question, *, claims: bool) -> dict[str, Any]:
        """Return what it says would become of a request."""
        told: dict[str, Any] = self._ask("POST", "/explain", {**question.document(), "claims": claims})
        if not told.keys() >= _SHAPE:
            self._strange()
        return told

    def decision(self, request_id: str) -> dict[str, Any] | None:
        """Return what it knows of a request that was, or None when it does not."""
        facts: dict[str, Any] | None = self._ask("GET", f"/decisions/{quote(request_id, safe='')}", None)
        if facts is not None and not {"id", "reason", "status"} <= facts.keys():
            self._strange()
        return facts

    def status(self) -> dict[str, Any]:
        """Return what `/status.json` says."""
        facts: dict[str, Any] = self._ask("GET", "/status.json", None)
        if not facts.keys() >= _FACTS:
            self._strange()
        return facts

    def _ask(self, method: str, path: str, document: dict[str, Any] | None) -> Any:
        """Return the answer's document; None when there is no such thing."""
        import httpx2

        token = os.environ.get(TOKEN)
        fields = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with httpx2.Client(verify=self._trust(), timeout=_PATIENCE, trust_env=False) as client:
                answer = client.request(method, f"{self.url}{path}", json=document, headers=fields)
                return self._read(answer.status_code, answer.json(), path)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            message = f"the admin listener cannot be asked ({type(error).__name__})"
            hint = "is the gateway running, and is this where its `admin` listens? --admin-ca names who vouches for it"
            fail(self._code, message, hint=hint, where=self.url, exit_code=Exit.UNKNOWN)

    def _read(self, status: int, document: Any, path: str) -> Any:
        if status == 404 and path.startswith("/decisions/"):  # noqa: PLR2004 - not found
            return None
        if status == 401:  # noqa: PLR2004 - not authenticated
            hint = f"put its token into {TOKEN}"
            fail(self._code, "the admin listener wants a token", hint=hint, where=self.url, exit_code=Exit.UNKNOWN)
        if status != 200 or not isinstance(document, dict):  # noqa: PLR2004 - fine
            reason = document.get("reason", "") if isinstance(document, dict) else ""
            message = f"the admin listener answers with {status} {str(reason)[:64]}".rstrip()
            fail(self._code, message, where=self.url, exit_code=Exit.UNKNOWN)
        return document

    def _strange(self) -> None:
        fail(self._code, "this is no admin listener of ours", where=self.url, exit_code=Exit.UNKNOWN)

    def _trust(self) -> ssl.SSLContext:
        if self._authority is None:
            return ssl.create_default_context()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.load_verify_locations(cadata=read_octets(self._authority).decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError):
            where = str(self._authority)
            fail(self._code, "there is no certificate (PEM) in the file", where=where, exit_code=Exit.UNKNOWN)
        return context
