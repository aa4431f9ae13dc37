"""Vaults on this machine."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
from pathlib import Path
from typing import ClassVar

import pytest
from tests.support.vaults.backend import Backend
from tests.support.vaults.front import CANARY, Fault

from ostiary.config.vaults import AgeVaultSpec, CacheSpec, EnvVaultSpec, FilesVaultSpec, LocalVaultSpec
from ostiary.model import Secret
from ostiary.vault.local import LocalStore, VersionState, local_store

NO_SERVER = "there is no server that could be slow, or answer too much: it is a file"


def local_fields(name: str, secret: str | bytes) -> dict[str, Secret]:
    return {"id": Secret(name), "secret": Secret(secret)}


class Local(Backend):
    name = "local"
    against = "the real one"
    outage = "down"
    lacks: ClassVar = {
        "slow": NO_SERVER,
        "large": NO_SERVER,
        "garbage": "a file that does not match its seal was changed by somebody: nothing of it is used any more",
        "binary": "its writers take text only",
        "segments": "its paths are keys of a table, not paths",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "key").write_text(base64.b64encode(os.urandom(32)).decode())
        (folder / "key").chmod(0o600)
        self._lock: sqlite3.Connection | None = None
        self._store: LocalStore = local_store(self.spec(CacheSpec()), folder)
        self._store.put("made", local_fields("a", "b"))

    def close(self) -> None:
        self.fail(None)

    def spec(self, cache: CacheSpec) -> LocalVaultSpec:
        return LocalVaultSpec(type="local", path="vault.db", master_key="file:key", cache=cache)

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        self._store.put(path, local_fields(name, secret))

    def delete(self, path: str) -> None:
        self._store.change(path, VersionState.DESTROYED, None)

    def deny(self, path: str) -> None:
        self._store.change(path, VersionState.DISABLED, None)

    def fail(self, fault: Fault | None) -> None:
        """Be locked by another process; then be as before."""
        file = self.folder / "vault.db"
        if fault == "garbage":
            file.rename(self.folder / "aside.db")
            file.write_bytes(b"no database" * 1000)
            file.chmod(0o600)
        elif fault is not None:
            (self.folder / "vault.db").rename(self.folder / "aside.db")
        elif (self.folder / "aside.db").exists():
            (self.folder / "aside.db").replace(file)


class Files(Backend):
    name = "files"
    against = "the kernel; volumes laid out as the kubelet does"
    outage = "garbage"
    lacks: ClassVar = {
        "slow": NO_SERVER,
        "version": "a folder keeps one version",
        "never": "a folder keeps one version",
        "busy": "nobody is between the gateway and a folder",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.store = folder / "store"
        self.store.mkdir()

    def place(self, path: str) -> str:
        return f"{path}.json"

    def spec(self, cache: CacheSpec) -> FilesVaultSpec:
        return FilesVaultSpec(type="files", path="store", cache=cache)

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        if isinstance(secret, bytes):
            record = self.store / self.place(path)
            record.mkdir(parents=True)
            self._write(record / "id", name.encode())
            self._write(record / "secret", secret)
        else:
            self._write(self.store / self.place(path), json.dumps({"id": name, "secret": secret}).encode())

    def delete(self, path: str) -> None:
        (self.store / self.place(path)).unlink()

    def deny(self, path: str) -> None:
        (self.store / self.place(path)).chmod(0o644)

    def fail(self, fault: Fault | None) -> None:
        gone = self.folder / "gone"
        if fault == "down":
            self.store.rename(gone)
            return
        if gone.exists():
            gone.rename(self.store)
        for file in self.store.rglob("*.json"):
            kept = file.with_name(f".{file.name}")
            if fault is not None:
                file.replace(kept)
                self._write(file, b'{"id": "hal ' + CANARY if fault == "garbage" else b'"' + CANARY * (3 << 17))
            elif kept.exists():
                kept.replace(file)

    def _write(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_bytes(content)
        fresh.chmod(0o600)
        fresh.replace(file)


NEVER_CHANGES = "an environment is read once and does not change while the gateway runs"


class Env(Backend):
    name = "env"
    against = "the environment of the test"
    lacks: ClassVar = {
        **dict.fromkeys(
            ("slow", "large", "down", "busy", "garbage", "stale", "nothing"), "nothing is asked: it has been read"
        ),
        **dict.fromkeys(("rotate", "delete", "deny", "recovery", "negative"), NEVER_CHANGES),
        **dict.fromkeys(("version", "never"), "an environment has one version"),
        "denied": "who can start the gateway has given it its environment",
        "segments": "everything but letters and digits is folded into _",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._patch = pytest.MonkeyPatch()

    def close(self) -> None:
        self._patch.undo()

    def spec(self, cache: CacheSpec) -> EnvVaultSpec:
        return EnvVaultSpec(type="env", prefix="CONTRACT_", cache=cache)

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        variable = "CONTRACT_" + "".join(one if one.isascii() and one.isalnum() else "_" for one in path).upper()
        self._patch.setenv(f"{variable}_ID", name)
        self._patch.setenv(f"{variable}_SECRET", os.fsdecode(secret) if isinstance(secret, bytes) else secret)


class Age(Backend):
    name = "age"
    against = "pyrage; files of the age program, where it is installed"
    outage = "garbage"
    lacks: ClassVar = {
        "slow": NO_SERVER,
        "busy": "nobody is between the gateway and a file",
        "version": "a file keeps one version",
        "never": "a file keeps one version",
        "binary": "it is YAML, whose texts are Unicode",
        "denied": "who has the identity can read every record",
        "deny": "who has the identity can read every record",
    }

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._age = pytest.importorskip("pyrage")
        self._identity = self._age.x25519.Identity.generate()
        self._records: dict[str, dict[str, str]] = {}
        (folder / "identity").write_text(f"# created for a test\n{self._identity}\n")
        self._write()

    def spec(self, cache: CacheSpec) -> AgeVaultSpec:
        return AgeVaultSpec(type="age", path="secrets.age", identity="file:identity", cache=cache)

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        self._records[path] = {"id": name, "secret": str(secret)}
        self._write()

    def delete(self, path: str) -> None:
        del self._records[path]
        self._write()

    def fail(self, fault: Fault | None) -> None:
        if fault == "down":
            (self.folder / "secrets.age").unlink()
        elif fault == "large":
            self._replace(b"x" * (5 << 20))
        elif fault is not None:
            self._replace(b"age-encryption.org/v1 half a fi")
        else:
            self._write()

    def _write(self) -> None:
        self._replace(
            self._age.encrypt(json.dumps(self._records, ensure_ascii=False).encode(), [self._identity.to_public()])
        )

    def _replace(self, content: bytes) -> None:
        fresh = self.folder / "secrets.new"
        fresh.write_bytes(content)
        fresh.replace(self.folder / "secrets.age")


NEAR: tuple[type[Backend], ...] = (Local, Files, Env, Age)
