"""A legacy service that knows nothing but Basic authentication: a real nginx on loopback."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, start, stop

# Access is checked before files are served, but after a `return`: so what is served are files.
_SERVER = """
  server {{
    listen 127.0.0.1:{port};
    root {home}/www;
    auth_basic legacy;
    auth_basic_user_file {home}/htpasswd;
    client_max_body_size 0;
    dav_methods PUT;
    create_full_put_path on;
    add_header X-Saw-Authorization $http_authorization always;
    add_header X-Saw-Subject $http_x_subject always;
    location /accounts/slow/ {{ limit_rate 100k; alias {home}/www/accounts/; }}
    location /accounts/chunked/ {{
      sub_filter "this is nowhere in the file" "";
      sub_filter_types *;
      alias {home}/www/accounts/;
    }}
  }}
"""


def basic(user: str, password: str) -> str:
    """The value of the header that shows a user (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class Legacy:
    """The service.

    Attributes:
        home: its files; what it serves is in `www`.
    """

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def www(self) -> Path:
        """What it serves."""
        return self.home / "www"

    def allow(self, **users: str) -> None:
        """Let these users in, each with its password, and nobody else; nginx looks at each request."""
        new = self.home / "htpasswd.new"
        new.write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in users.items()))
        new.replace(self.home / "htpasswd")

    def serve(self, path: str, content: bytes) -> None:
        """Serve this content under this path."""
        file = self.www / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.www.mkdir()
        file = nginx_file(self.home, _SERVER.format(home=self.home, port=self.port))
        self.process = start("nginx", self.home, self.port, *nginx_arguments(self.home, file))

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            stop(self.process)
            self.process = None


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legacy]:
    """A service for the tests of one module."""
    service = Legacy(tmp_path_factory.mktemp("legacy"))
    service.start()
    yield service
    service.stop()
