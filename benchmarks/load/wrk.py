"""wrk, taught to show a client certificate.

wrk has no option for one, but it uses the system's OpenSSL as a shared library: a small library loaded
before it (`client_certificate.c`) sets certificate and key in every TLS context that wrk makes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkFailed, Missing
from benchmarks.load.said import Call, Said
from benchmarks.places import LOOPBACK, TOOLS, Place
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


def shown(place: Place) -> dict[str, str]:
    """Return the environment that makes a program with OpenSSL show the caller's certificate."""
    return {
        "LD_PRELOAD": str(TOOLS / "client_certificate.so"),
        "LOAD_CERTIFICATE": str(place.material.pki.client),
        "LOAD_KEY": str(place.material.pki.client_key),
    }


def call(workload: Workload, place: Place, seconds: int, connections: int) -> Call:
    """Return how wrk is started."""
    tokens = place.material.write_tokens(place.folder / "tokens.txt", workload.tokens)
    paths = place.folder / "paths.txt"
    paths.write_text("\n".join(workload.paths()) + "\n")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", _TIMEOUT, "-s", str(HERE / "drive.lua")]
    script = [workload.method, str(paths), str(workload.upload), str(tokens)]
    script.append("keep-alive" if workload.keep_alive else "close")
    command += [f"https://{LOOPBACK}:{place.port}/", "--", *script]
    return Call("wrk", command, read, shown(place))


def read(log: Path) -> Said:
    """Return what wrk says.

    Raises:
        LookupError: it says nothing.
    """
    line = next((line for line in log.read_text(errors="replace").splitlines() if line.startswith("{")), None)
    if line is None:
        raise LookupError("no numbers")
    values = json.loads(line)
    return Said(
        requests=int(values["requests"]),
        p50=values["p50"] / 1e6,
        p99=values["p99"] / 1e6,
        refused=int(values["refused"]),
        broken=int(values["broken"]),
    )
