"""Install each extra alone, into an environment of its own, and see what it promised.

    make extras                                    all of them (some minutes, needs a package index)
    .venv/bin/python tools/extras.py redis cel     some

Of each: pip finds nothing missing, the modules that use its library can be imported, and `ostiary version` names it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = {
    "asgi": ["ostiary.edge.hypercorn.listener"],
    "http3": ["ostiary.edge.hypercorn.listener", "aioquic"],
    "fastapi": ["ostiary.asgi.fastapi"],
    "uvicorn": ["ostiary.asgi.uvicorn"],
    "cel": ["cel"],
    "hsm": ["pkcs11"],
    "jwe": ["joserfc.jwe", "joserfc.jwk"],
    "otel": ["ostiary.observe.spans"],
    "aws": ["botocore.session", "botocore.config", "botocore.exceptions"],
    "azure": ["azure.core.exceptions", "azure.identity.aio", "azure.keyvault.secrets.aio", "azure.keyvault.keys.aio"],
    "gcp": ["google.auth", "google.oauth2.service_account", "google.auth.exceptions"],
    "age": ["pyrage"],
    "grpc": ["ostiary.edge.decide.grpc.messages"],
    "redis": ["ostiary.shared.connection", "ostiary.shared.subscriptions", "ostiary.shared.wire"],
}


def run(*command: str | Path) -> str:
    """Return what a command says.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tempfile.gettempdir())
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def try_out(wheel: Path, extra: str, folder: Path) -> None:
    """Install one extra, and look.

    Raises:
        SystemExit: it is not what it promised.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"ostiary[{extra}] @ {wheel.as_uri()}"
    )
    run(python, "-m", "pip", "check")
    run(python, "-W", "error", "-c", "; ".join(f"import {module}" for module in MODULES[extra]))
    said = run(folder / "bin" / "ostiary", "version").splitlines()[-1]
    if extra not in said.removeprefix("extras: ").split(", "):
        raise SystemExit(f"`ostiary version` does not name {extra}: {said}")


def main() -> None:
    """Try those that are named, or all."""
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    if set(offered) != set(MODULES):
        raise SystemExit(f"not known here: {', '.join(sorted(set(offered) ^ set(MODULES)))}")
    with tempfile.TemporaryDirectory() as name:
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", name, ROOT)
        (wheel,) = Path(name).glob("*.whl")
        for extra in sys.argv[1:] or offered:
            try_out(wheel, extra, Path(name) / extra)
            print(f"{extra}: installs alone, and is what it promises", flush=True)


if __name__ == "__main__":
    main()
