"""A real PKCS#11 token in software: SoftHSM, with a folder of its own for as long as a module of tests needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
PIN = "1234-canary-9f"
TOKEN = "gateway"


@dataclass(frozen=True)
class SoftHsm:
    """One token, and what an operator does with it: keys are made by OpenSC, not by the library that we use."""

    library: str

    def make(self, label: str, number: int, kind: str = "EC:prime256v1") -> None:
        """Make a pair that cannot be taken out."""
        self._tool("--keypairgen", "--key-type", kind, "--label", label, "--id", f"{number:02x}", "--sensitive")

    def public(self, label: str, number: int) -> bytes:
        """Return the public half of a pair, DER."""
        with NamedTemporaryFile() as file:
            what = ("--type", "pubkey", "--label", label, "--id", f"{number:02x}")
            self._tool("--read-object", *what, "--output-file", file.name)
            return Path(file.name).read_bytes()

    def write(self, file: Path, label: str, number: int, what: str, *more: str) -> None:
        """Put an object there that was made elsewhere."""
        self._tool("--write-object", str(file), "--type", what, "--label", label, "--id", f"{number:02x}", *more)

    def _tool(self, *arguments: str) -> None:
        words = ["pkcs11-tool", "--module", self.library, "--token-label", TOKEN, "--login", "--pin", PIN]
        done = subprocess.run([*words, *arguments], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


def _library() -> str:
    found = next((one for one in LIBRARIES if Path(one).exists()), None)
    tools = all(shutil.which(one) for one in ("softhsm2-util", "pkcs11-tool"))
    if found is None or not tools:
        reason = "SoftHSM is not installed (apt-get install softhsm2 opensc)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A token. One for the process: the library reads where its tokens are when it is loaded."""
    library, folder = _library(), tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    words = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "0000", "--pin", PIN]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    yield SoftHsm(library)
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before
