"""Which configuration does the ASGI application serve?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ostiary import asgi
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog

FILE = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
upstreams: {one: {endpoints: ["http://127.0.0.1:1"]}}
routes:
  - {name: all, match: {path: /**}, authenticate: {anonymous: {}}, authorize: anyone, upstream: one}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("OSTIARY_CONFIG", raising=False)
    monkeypatch.delenv("OSTIARY_OVERLAY", raising=False)
    (tmp_path / "gateway.yaml").write_text(FILE)
    (tmp_path / "over.yaml").write_text("drain_timeout: 7s\n")
    (tmp_path / "more.yaml").write_text("drain_timeout: 9s\n")
    return tmp_path / "gateway.yaml"


def test_the_one_that_is_named_or_the_one_that_the_environment_names(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asgi.app(file, access=AccessLog())._loaded.path == file
    with pytest.raises(ConfigError, match="OSTIARY_CONFIG"):
        asgi.app(access=AccessLog())
    monkeypatch.setenv("OSTIARY_CONFIG", str(file))
    assert asgi.app(access=AccessLog())._loaded.path == file


def test_with_what_the_environment_lays_over_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = [str(file.parent / name) for name in ("over.yaml", "more.yaml")]
    monkeypatch.setenv("OSTIARY_OVERLAY", os.pathsep.join(over))
    loaded = asgi.app(file, access=AccessLog())._loaded
    assert (loaded.spec.drain_timeout, [str(path) for path in loaded.overlays]) == (9, over)
