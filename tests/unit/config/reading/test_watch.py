"""What counts as a change of a configuration?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ostiary.config.load import examine
from ostiary.config.reading.watch import Watch, files_of

OLD = 1_700_000_000.0
LATER = OLD + 1000.0


def write(file: Path, text: str, at: float = OLD) -> None:
    """Write a file, as if that had been done at a certain time."""
    file.write_text(text)
    os.utime(file, (at, at))


@pytest.fixture
def watch() -> Watch:
    """The clock stands far behind all dates, so that `stat` is believed."""
    return Watch(clock=lambda: 9e9)


def test_what_is_written_is_a_change_and_what_is_touched_is_none(tmp_path, watch):
    file = tmp_path / "a"
    write(file, "one")
    before = watch.look([file])
    write(file, "one", LATER)
    assert watch.look([file]) == before
    write(file, "two", LATER)
    assert watch.look([file]) != before
    write(file, "one")
    assert watch.look([file]) == before


def test_a_file_that_stays_is_not_read_again(tmp_path, watch, monkeypatch):
    file = tmp_path / "a"
    write(file, "one")
    before = watch.look([file])
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("read again"))
    assert watch.look([file]) == before


def test_what_was_written_just_before_it_was_read_is_read_again(tmp_path):
    """Two writes may leave the same date; only some time later can the date be believed."""
    file = tmp_path / "a"
    file.write_text("one")
    watch = Watch(clock=lambda: file.stat().st_ctime + 0.5)
    seen, status = watch.look([file]), file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert watch.look([file]) != seen


def test_a_link_that_is_switched_is_a_change(tmp_path, watch):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a", name)
    (tmp_path / "data").symlink_to("first")
    (tmp_path / "a").symlink_to("data/a")
    before = watch.look([tmp_path / "a"])
    (tmp_path / "new").symlink_to("second")
    (tmp_path / "new").replace(tmp_path / "data")
    assert watch.look([tmp_path / "a"]) != before


def test_a_file_that_goes_or_comes_is_a_change(tmp_path, watch):
    file = tmp_path / "a"
    missing = watch.look([file])
    write(file, "")
    there = watch.look([file])
    file.unlink()
    assert (missing != there, watch.look([file]) == missing) == (True, True)


def test_what_is_no_plain_file_is_not_read(tmp_path, watch):
    os.mkfifo(tmp_path / "pipe")
    assert watch.look([tmp_path / "pipe", tmp_path]) == {tmp_path / "pipe": b"", tmp_path: b""}


def test_every_file_that_a_configuration_points_at_belongs_to_it(tmp_path):
    (tmp_path / "gateway.yaml").write_text(
        """
version: 1
listeners:
  public:
    bind: 127.0.0.1:8443
    tls:
      certificate: file:server.pem
      private_key: file:/run/server.key
      client: {mode: required, authorities: [file:ca.pem], revocation: {crls: [file:ca.crl]}}
vaults:
  local: {type: local, path: vault.db, master_key: file:master.key}
  other: {type: hashicorp, address: "https://vault", auth: {token: env:TOKEN}, authorities: [file:vault.pem]}
upstreams:
  broken: {endpoints: "not a list"}
"""
    )
    draft = examine(tmp_path / "gateway.yaml").draft
    found = files_of(tmp_path / "gateway.yaml", draft)
    names = ("gateway.yaml", "server.pem", "ca.pem", "ca.crl", "master.key", "vault.pem")
    assert found == {*(tmp_path / name for name in names), Path("/run/server.key")}


def test_of_a_file_that_cannot_be_read_at_all_the_file_itself_is_left(tmp_path):
    (tmp_path / "gateway.yaml").write_text("version: [1")
    examined = examine(tmp_path / "gateway.yaml")
    assert files_of(tmp_path / "gateway.yaml", examined.draft) == {tmp_path / "gateway.yaml"}


def test_the_files_that_a_route_points_at_belong_to_it_too(tmp_path):
    (tmp_path / "gateway.yaml").write_text(
        """
version: 1
listeners: {public: {bind: 127.0.0.1:8443}}
upstreams: {x: {endpoints: [http://127.0.0.1:9]}}
routes:
  - name: a
    match: {path: /a}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject:
      - oauth2:
          issuer: https://id.example.com
          client: {certificate: {client_id: gateway, certificate: file:client.pem, private_key: file:client.key}}
          authorities: [file:ca.pem]
    upstream: x
"""
    )
    draft = examine(tmp_path / "gateway.yaml").draft
    found = files_of(tmp_path / "gateway.yaml", draft)
    assert {file.name for file in found} == {"gateway.yaml", "client.pem", "client.key", "ca.pem"}
