"""A legacy service that knows nothing but Basic authentication: a real nginx on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

# Access is checked before files are served, but after a `return`: so what is served are files.
_FILE = """
{user}
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
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
}}
"""


def basic(user: str, password: str) -> str:
    """The value of the header that shows a user (RFC 7617)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


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
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            pytest.skip("nginx is not installed")
        self.www.mkdir()
        user = "user root;" if os.getuid() == 0 else ""
        (self.home / "nginx.conf").write_text(_FILE.format(home=self.home, port=self.port, user=user))
        arguments = (program, "-p", self.home, "-c", self.home / "nginx.conf", "-e", self.home / "error.log")
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        pytest.fail(f"nginx did not start: {(self.home / 'error.log').read_text()}")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legacy]:
    """A service for the tests of one module."""
    service = Legacy(tmp_path_factory.mktemp("legacy"))
    service.start()
    yield service
    service.stop()
