"""wrk, taught to show a client certificate.

wrk has no option for one, but it uses the system's OpenSSL as a shared library: a small library loaded
before it (`client_certificate.c`) sets certificate and key in every TLS context that wrk makes.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkFailed, Missing
from benchmarks.places import LOOPBACK, TOOLS, Place
from benchmarks.processes import GRACE, Running, running
from benchmarks.workloads import Workload

HERE: Final = Path(__file__).resolve().parent
_TIMEOUT: Final = "10s"
"""After that long wrk counts a request as failed."""


def missing() -> str | None:
    """Return the Debian packages to install, or None."""
    absent = [package for package, program in (("wrk", "wrk"), ("gcc", "cc")) if shutil.which(program) is None]
    return f"apt: {' '.join(absent)}" if absent else None


def version() -> str:
    """Return wrk's version and its OpenSSL's."""
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.splitlines()
    return said[0].partition(" [")[0].removeprefix("wrk ") if said else "unknown"


def build_shim() -> Path:
    """Compile the library that gives wrk its certificate; return where it is.

    Raises:
        Missing: this wrk carries its own OpenSSL, so that nothing can be put before it.
        BenchmarkFailed: the compiler refuses.
    """
    linked = subprocess.run(["ldd", shutil.which("wrk") or "wrk"], capture_output=True, text=True, check=False).stdout
    if "libssl" not in linked:
        raise Missing("this wrk has OpenSSL built in; take Debian's (apt: wrk), which uses the shared library")
    TOOLS.mkdir(exist_ok=True)
    library = TOOLS / "client_certificate.so"
    command = [
        "cc",
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-Wl,-z,lazy",
        "-o",
        str(library),
        str(HERE / "client_certificate.c"),
        "-ldl",
    ]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    if compiled.returncode != 0:
        raise BenchmarkFailed(f"the compiler refuses client_certificate.c:\n{compiled.stderr}")
    return library


@dataclass(frozen=True, slots=True)
class Said:
    """What wrk says in the end.

    Attributes:
        requests: answered ones, whatever their status.
        p50, p99: from the last octet of a request written to the answer complete; seconds.
        refused: answers that were not 2xx or 3xx.
        broken: connections that failed, and answers that did not come in time.
    """

    requests: int
    p50: float
    p99: float
    refused: int
    broken: int


@dataclass(frozen=True, slots=True)
class Load:
    """Callers at work."""

    process: Running
    ends: float

    def said(self) -> Said:
        """Wait for the end; return what wrk says.

        Raises:
            BenchmarkFailed: it failed, or does not end.
        """
        try:
            code = self.process.process.wait(max(0.0, self.ends - time.monotonic()) + GRACE)
        except subprocess.TimeoutExpired:
            raise BenchmarkFailed("wrk does not end") from None
        output = self.process.log.read_text(errors="replace")
        line = next((line for line in output.splitlines() if line.startswith("{")), None)
        if code != 0 or line is None:
            raise BenchmarkFailed(f"wrk failed:\n{output[-2000:]}")
        return _said(json.loads(line))


def _said(values: dict[str, float]) -> Said:
    return Said(
        requests=int(values["requests"]),
        p50=values["p50"] / 1e6,
        p99=values["p99"] / 1e6,
        refused=int(values["refused"]),
        broken=int(values["broken"]),
    )


@contextmanager
def loading(workload: Workload, place: Place, *, seconds: float, connections: int, core: int) -> Iterator[Load]:
    """Let callers work against the gateway of a place for that long (or a little more), in the background."""
    whole = math.ceil(seconds)
    tokens = place.material.write_tokens(place.folder / "tokens.txt", workload.tokens)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{whole}s", "--timeout", _TIMEOUT, "-s", str(HERE / "drive.lua")]
    script = [workload.method, workload.path, str(workload.upload), str(tokens)]
    script.append("keep-alive" if workload.keep_alive else "close")
    environment = {
        "LD_PRELOAD": str(TOOLS / "client_certificate.so"),
        "LOAD_CERTIFICATE": str(place.material.pki.client),
        "LOAD_KEY": str(place.material.pki.client_key),
    }
    command += [f"https://{LOOPBACK}:{place.port}/", "--", *script]
    log = place.folder / "wrk.log"
    with running("wrk", command, core=core, log=log, environment=environment) as process:
        yield Load(process, time.monotonic() + whole)
