"""An old service: it knows Basic authentication, believes every header, and says what it received."""

from __future__ import annotations

import hmac
from base64 import b64encode
from contextlib import AbstractContextManager

from ostiary.demo.service import Asked, Told, serving
from ostiary.model import Credential

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="legacy accounts"'}


def serve_legacy(credential: Credential, port: int) -> AbstractContextManager[int]:
    """Serve while the block runs, to whoever shows the credential; give the port."""
    pair = credential.id.encode() + b":" + credential.secret.reveal()
    expected = "Basic " + b64encode(pair).decode()

    def answer(asked: Asked) -> Told:
        shown = [value for name, value in asked.headers if name.lower() == "authorization"]
        if len(shown) != 1 or not hmac.compare_digest(shown[0], expected):
            return Told(401, {"error": "only the service account may come in"}, _CHALLENGE)
        return Told(200, _echo(asked, credential.id))

    return serving(answer, port)


def _echo(asked: Asked, user: str) -> dict[str, object]:
    """Return the request as it came, without the password that came with it."""
    return {
        "service": "legacy accounts",
        "logged_in_as": user,
        "request": f"{asked.method} {asked.target}",
        "headers": [f"{name}: {_masked(name, value)}" for name, value in asked.headers],
    }


def _masked(name: str, value: str) -> str:
    return f"{value.partition(' ')[0]} ******" if name.lower() == "authorization" else value
