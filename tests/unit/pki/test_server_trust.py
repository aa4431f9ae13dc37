"""Whom is a server that we ask verified by?"""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.pki.authority import Authority
from ostiary.pki.files import pem
from ostiary.pki.server_trust import server_trust


@pytest.fixture
def own(tmp_path: Path) -> FileRef:
    (tmp_path / "ca.pem").write_bytes(pem([Authority.create("own").certificate]))
    return FileRef("ca.pem")


def test_by_the_authorities_that_are_named_and_nobody_else(own: FileRef, tmp_path: Path) -> None:
    context = server_trust([own], tmp_path, "here")
    (authority,) = context.get_ca_certs()
    assert authority["subject"] == ((("commonName", "own"),),)


def test_by_the_system_s_where_none_is_named(tmp_path: Path) -> None:
    assert server_trust([], tmp_path, "here").get_ca_certs() == ssl.create_default_context().get_ca_certs()


@pytest.mark.parametrize("named", [True, False])
def test_by_its_whole_chain_and_its_name_and_never_in_an_old_protocol(
    own: FileRef, tmp_path: Path, *, named: bool
) -> None:
    context = server_trust([own] if named else [], tmp_path, "here")
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"text", "certificate")])
def test_not_at_all_where_the_file_holds_none(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(ConfigError, match=f"here: file:ca.pem: .*{why}"):
        server_trust([FileRef("ca.pem")], tmp_path, "here")
