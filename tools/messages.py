"""Compile the messages of Envoy, with which it asks by gRPC, into a module: `make generate` writes it.

Only the descriptors are taken from protoc. The modules that it writes by itself are tied to one major version of
protobuf, and put their messages where those of other programs in the process have the same names.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src/ostiary/edge/decide/grpc"
SOURCE = FOLDER / "messages.proto"
MADE = FOLDER / "descriptors.py"

HEAD = '''\
"""The messages of messages.proto, as protoc describes them. Written by `make generate`."""

from __future__ import annotations

from typing import Final

DESCRIPTORS: Final = bytes.fromhex(
    """
'''
TAIL = '''    """
)
"""A FileDescriptorSet."""
'''
WIDTH = 56  # octets of a line


def described() -> bytes:
    """Return what protoc says of the messages: a FileDescriptorSet, without the comments."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "set"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{SOURCE.parent}", f"-o{made}", SOURCE.name]
        subprocess.run(command, check=True)
        return made.read_bytes()


def module() -> str:
    """Return the module as it is committed."""
    octets = described()
    lines = [f"    {octets[at : at + WIDTH].hex()}\n" for at in range(0, len(octets), WIDTH)]
    return HEAD + "".join(lines) + TAIL


if __name__ == "__main__":
    MADE.write_text(module())
