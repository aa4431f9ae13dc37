"""h2load: HTTP/2, several streams on each connection. It shows its certificate as wrk does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.load.said import Call, Said, percentile
from benchmarks.load.wrk import shown
from benchmarks.places import LOOPBACK, Place
from benchmarks.workloads import Workload

_ANSWERS: Final = re.compile(
    r"requests: \d+ total, \d+ started, (?P<done>\d+) done, \d+ succeeded, "
    r"\d+ failed, (?P<errored>\d+) errored, (?P<timeout>\d+) timeout"
)
_STATUS: Final = re.compile(r"status codes: (?P<good>\d+) 2xx, \d+ 3xx, (?P<bad>\d+) 4xx, (?P<worse>\d+) 5xx")
_SIZE: Final = re.compile(r"\((\d+)\) data")
_WARM_UP: Final = 1


def missing() -> str | None:
    """Return the Debian package to install, or None."""
    return None if shutil.which("h2load") else "apt: nghttp2-client"


def command(workload: Workload, place: Place, authorization: str, log: Path) -> list[str]:
    """Return the command, but for how long or how often."""
    return [
        "h2load",
        "--npn-list=h2",
        "--tls13-ciphers=TLS_AES_256_GCM_SHA384",
        f"--max-concurrent-streams={workload.streams}",
        f"--log-file={log}",
        "--header",
        f"authorization: {authorization}",
        f"https://{LOOPBACK}:{place.port}{workload.path}",
    ]


def call(workload: Workload, place: Place, seconds: int, connections: int) -> Call:
    """Return how h2load is started: a second of warm-up, then the rest of the time."""
    log = place.folder / "h2load.tsv"
    log.unlink(missing_ok=True)
    asked = command(workload, place, f"Bearer {place.material.tokens[0]}", log)
    asked += [f"--clients={connections}", f"--warm-up-time={_WARM_UP}s", f"--duration={max(1, seconds - _WARM_UP)}s"]
    return Call("h2load", asked, lambda output: read(output, log), shown(place))


def once(workload: Workload, place: Place, authorization: str) -> tuple[bool, int]:
    """Make one request; return whether the answer is 2xx, and the octets of its body.

    Raises:
        OSError, LookupError, subprocess.SubprocessError: there is no answer.
    """
    asked = [*command(workload, place, authorization, place.folder / "h2load-once.tsv"), "--clients=1", "--requests=1"]
    environment = {**os.environ, **shown(place)}
    done = subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=15, check=True)
    status, size = _STATUS.search(done.stdout), _SIZE.search(done.stdout)
    if status is None or size is None:
        raise LookupError(done.stdout)
    return status["good"] == "1", int(size[1])


def read(output: Path, log: Path) -> Said:
    """Return what h2load says, and the times that it has written for each request.

    Raises:
        LookupError: it says nothing.
    """
    text = output.read_text(errors="replace")
    answers, status = _ANSWERS.search(text), _STATUS.search(text)
    times = sorted(int(line.split("\t")[2]) / 1e6 for line in log.read_text().splitlines())
    if answers is None or status is None or not times:
        raise LookupError("no numbers")
    return Said(
        requests=int(answers["done"]),
        p50=percentile(times, 0.50),
        p99=percentile(times, 0.99),
        refused=int(status["bad"]) + int(status["worse"]),
        broken=int(answers["errored"]) + int(answers["timeout"]),
    )
