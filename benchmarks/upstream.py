"""The protected side: one nginx on the load core, which answers at once and counts the requests.

/small               1 KB             /seen    the Authorization header, as it arrived here
/large               64 KB            /jwks.json    the issuer's key set
/area-*/**           1 KB: what many routes lead to
/upload              takes the whole body, then answers 1 KB
/requests            (other port) requests taken so far
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkFailed
from benchmarks.material import Material
from benchmarks.peers import nginx
from benchmarks.places import LOOPBACK, free_port
from benchmarks.processes import running
from benchmarks.workloads import WORKLOADS

_SMALL: Final = "x" * WORKLOADS["W1"].answer
_CONFIGURATION: Final = """
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 10m;
    client_max_body_size 64m;
    client_body_buffer_size 2m;
    sendfile on;
    tcp_nodelay on;
    open_file_cache max=16 inactive=1h;
    default_type application/octet-stream;
    upstream itself {{ server unix:{folder}/itself.sock; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {folder}/files;
        location = /small {{ return 200 "{small}"; }}
        location /area- {{ return 200 "{small}"; }}
        location = /seen {{ return 200 "$http_authorization"; }}
        location = /upload {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
            proxy_pass_request_body off;
            proxy_method GET;
            proxy_pass http://itself/small;
        }}
    }}
    server {{
        listen unix:{folder}/itself.sock;
        location = /small {{ return 200 "{small}"; }}
    }}
    server {{
        listen 127.0.0.1:{status};
        location = /requests {{ stub_status; }}
    }}
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The running upstream.

    Attributes:
        port: where it answers, in clear.
    """

    port: int
    _status: HTTPConnection

    def requests(self) -> int:
        """Return how many requests it has taken, this question among them.

        Raises:
            BenchmarkFailed: it does not say.
        """
        self._status.request("GET", "/requests")
        found = re.search(rb"\n\s*\d+ \d+ (\d+)", self._status.getresponse().read())
        if found is None:
            raise BenchmarkFailed("the upstream does not say how many requests it has taken")
        return int(found[1])


@contextmanager
def serving(folder: Path, core: int, material: Material) -> Iterator[Upstream]:
    """Run the upstream while the block runs.

    Raises:
        BenchmarkFailed: it does not start.
    """
    files = folder / "files"
    files.mkdir(parents=True)
    (files / "large").write_bytes(b"x" * WORKLOADS["W2"].answer)
    (files / "jwks.json").write_text(material.jwks)
    port, status = free_port(), free_port()
    http = _CONFIGURATION.format(folder=folder, port=port, status=status, small=_SMALL)
    command = nginx.command(folder, http)
    with running("the upstream", command, core=core, log=folder / "output.log") as process:
        process.wait_for(port)
        connection = HTTPConnection(LOOPBACK, status, timeout=5)
        try:
            yield Upstream(port, connection)
        finally:
            connection.close()
