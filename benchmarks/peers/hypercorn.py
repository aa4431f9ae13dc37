"""The obvious Python stack: hypercorn, starlette, httpx2 as the upstream's client, PyJWT for every request."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from benchmarks.material import AUDIENCE, ISSUER
from benchmarks.peers import Start
from benchmarks.places import ROOT, Place

_PACKAGES = ("hypercorn", "starlette", "httpx2", "pyjwt")


@dataclass(frozen=True, slots=True)
class Hypercorn:
    """hypercorn with the little proxy of `asgi_proxy.py`; one worker, its default event loop."""

    name: str = "hypercorn"
    title: str = "mTLS, PyJWT each request, starlette + httpx2, Basic, access log"
    judges_tokens: bool = True
    injects: bool = True

    def missing(self) -> str | None:
        """Return the packages to install, or None."""
        absent = [name for name in ("hypercorn", "starlette", "httpx2", "jwt") if find_spec(name) is None]
        return f"pip: {' '.join(absent)}" if absent else None

    def version(self) -> str:
        """Return the versions of what it is made of."""
        try:
            return ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        except PackageNotFoundError:
            return "unknown"

    def prepare(self, place: Place) -> Start:
        """Return its command line; what the proxy has to know is in the environment."""
        pki = place.material.pki
        options = {
            "--bind": f"127.0.0.1:{place.port}",
            "--certfile": pki.server,
            "--keyfile": pki.server_key,
            "--ca-certs": pki.ca,
            "--verify-mode": "CERT_REQUIRED",
            "--access-logfile": place.folder / "access.log",
            "--workers": 1,
            "--keep-alive": 600,
        }
        arguments = [str(word) for option in options.items() for word in option]
        environment = {
            "PYTHONPATH": str(ROOT),
            "PROXY_UPSTREAM": place.upstream_url,
            "PROXY_JWKS": place.jwks_url,
            "PROXY_ISSUER": ISSUER,
            "PROXY_AUDIENCE": AUDIENCE,
            "PROXY_AUTHORIZATION": place.material.basic,
            "PROXY_ROUTES": str(place.routes),
        }
        return Start([sys.executable, "-m", "hypercorn", *arguments, "benchmarks.peers.asgi_proxy:app"], environment)
