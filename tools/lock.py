"""Make the locks in `requirements/`, or check that they are in step with pyproject.toml.

    .venv/bin/python tools/lock.py           # compile them anew (needs a package index)
    .venv/bin/python tools/lock.py --check   # needs no network

A lock has hashes and names no index, so that it says what is installed and nothing about where from.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"

# What goes into each lock. The first holds every version that the others may use.
LOCKS = {
    "test": [
        "pyproject.toml",
        "--extra",
        "asgi",
        "--extra",
        "http3",
        "--extra",
        "fastapi",
        "--extra",
        "uvicorn",
        "--extra",
        "otel",
        "--extra",
        "cel",
        "--extra",
        "hsm",
        "--extra",
        "jwe",
        "--extra",
        "aws",
        "--extra",
        "azure",
        "--extra",
        "gcp",
        "--extra",
        "age",
        "--extra",
        "grpc",
        "--extra",
        "redis",
        "--group",
        "test",
    ],
    "runtime": ["pyproject.toml"],
    "asgi": ["pyproject.toml", "--extra", "asgi"],
    "http3": ["pyproject.toml", "--extra", "http3"],
    "fastapi": ["pyproject.toml", "--extra", "fastapi"],
    "uvicorn": ["pyproject.toml", "--extra", "uvicorn"],
    "otel": ["pyproject.toml", "--extra", "otel"],
    "cel": ["pyproject.toml", "--extra", "cel"],
    "hsm": ["pyproject.toml", "--extra", "hsm"],
    "jwe": ["pyproject.toml", "--extra", "jwe"],
    "aws": ["pyproject.toml", "--extra", "aws"],
    "azure": ["pyproject.toml", "--extra", "azure"],
    "gcp": ["pyproject.toml", "--extra", "gcp"],
    "age": ["pyproject.toml", "--extra", "age"],
    "redis": ["pyproject.toml", "--extra", "redis"],
    "grpc": ["pyproject.toml", "--extra", "grpc"],
    "lint": ["--group", "lint"],
    "build": ["--group", "build"],
    "compile": ["--group", "compile"],
}
OPTIONS = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header", "-q"]
OPTIONS += ["--no-emit-find-links", "--no-annotate", "--strip-extras", "--upgrade"]
ADDRESS = re.compile(r"://|^\s*--?(i|f|index|extra-index|find-links|trusted)\b", re.MULTILINE)


def declared() -> str:
    """Return the digest of everything in pyproject.toml that a lock is made from."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tables = [project["project"][key] for key in ("requires-python", "dependencies", "optional-dependencies")]
    text = json.dumps([*tables, project["dependency-groups"]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def head() -> str:
    """Return the first line of every lock."""
    return f"# Made by `make lock` from pyproject.toml, whose dependencies have the digest {declared()[:32]}.\n"


def compile_lock(name: str) -> None:
    """Compile one lock; the versions of the first one hold in all."""
    uv = Path(sys.executable).parent / "uv"
    held = [] if name == "test" else ["--constraint", "requirements/test.txt"]
    command = [str(uv), "pip", "compile", *LOCKS[name], *held, *OPTIONS]
    pins = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    (FOLDER / f"{name}.txt").write_text(head() + pins)


def faults(name: str) -> list[str]:
    """Return what is wrong with one lock."""
    path = FOLDER / f"{name}.txt"
    if not path.exists():
        return [f"{path.name} is missing"]
    text = path.read_text()
    found = []
    if not text.startswith(head()):
        found.append(f"{path.name} is older than the dependencies in pyproject.toml: run `make lock`")
    if ADDRESS.search(text):
        found.append(f"{path.name} names a package index")
    found += [
        f"{path.name}: {pin} has no hash" for pin in re.findall(r"^([a-z0-9._-]+==\S+)[^\\\n]*$", text, re.MULTILINE)
    ]
    return found


def main() -> None:
    """Compile, or check."""
    if "--check" not in sys.argv[1:]:
        for name in LOCKS:
            compile_lock(name)
            print(f"requirements/{name}.txt")
    if found := [fault for name in LOCKS for fault in faults(name)]:
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main()
