"""What does somebody read who uses a part whose library is not installed?"""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from tests.support.pages import ROOT

MISSING = """
import sys, asyncio, pathlib
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r} or name.startswith({module!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""
PARTS = {
    "asgi": ("hypercorn", "from ostiary.asgi import serving\nasyncio.run(serving(None, 'none.yaml').__aenter__())"),
    "http3": (
        "aioquic",
        (
            "from ostiary.config.schema import ListenerSpec\nfrom ostiary.edge.hypercorn.quic import _identity\n"
            "tls = {'certificate': 'file:a', 'private_key': 'file:b'}\n"
            "_identity(ListenerSpec.model_validate({'bind': '127.0.0.1:1', 'tls': tls}), pathlib.Path())"
        ),
    ),
    "fastapi": ("fastapi", "import ostiary.asgi.fastapi"),
    "uvicorn": ("uvicorn", "import ostiary.asgi.uvicorn"),
    "cel": ("cel", "from ostiary.authz.expression import ExpressionRule\nExpressionRule('true')"),
    "hsm": ("pkcs11", "from ostiary.keys.hsm.module import check_installed\ncheck_installed()"),
    "jwe": ("joserfc", "from ostiary.keys.jwe import _library\n_library('EC')"),
    "otel": (
        "opentelemetry",
        (
            "from ostiary.config.observing import TracingSpec\nfrom ostiary.observe.export import exporter_of\n"
            "exporter_of(TracingSpec.model_validate({'otlp': 'http://127.0.0.1:1/v1/traces'}))"
        ),
    ),
    "aws": ("botocore", "from ostiary.vault.extra import extra\nextra('aws', 'botocore.session')"),
    "azure": ("azure", "from ostiary.vault.extra import extra\nextra('azure', 'azure.identity.aio')"),
    "gcp": ("google.auth", "from ostiary.vault.extra import extra\nextra('gcp', 'google.auth')"),
    "age": ("pyrage", "from ostiary.vault.extra import extra\nextra('age', 'pyrage')"),
    "grpc": ("google.protobuf", "import ostiary.edge.decide.grpc.messages"),
    "redis": (
        "redis",
        (
            "from ostiary.config.shared import SharedSpec\nfrom ostiary.shared.connecting import Connecting\n"
            "Connecting({'no': 'spec'}, {}, pathlib.Path(), None, None)"
        ),
    ),
}


@pytest.mark.parametrize("extra", PARTS)
def test_a_missing_library_is_told_as_what_to_type(extra: str):
    module, use = PARTS[extra]
    command = [sys.executable, "-c", MISSING.format(module=module) + use]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1
    assert last.startswith(("ostiary.errors.ConfigError: ", "ModuleNotFoundError: ")), done.stderr
    assert f"pip install 'ostiary[{extra}]'" in last.replace('"', "'")


def test_every_extra_is_here():
    assert set(PARTS) == set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
