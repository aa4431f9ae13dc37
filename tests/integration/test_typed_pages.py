"""Does what the pages of certificates and keys show to be typed do its work, in the order in which it stands?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.reader import Reader, commands

pytestmark = pytest.mark.integration

DOCS = Path(__file__).resolve().parents[2] / "docs"
KEYS = """\
version: 1
listeners: {public: {bind: "127.0.0.1:1", plaintext: accepted}}
vaults: {local: {type: local, path: vault.db, master_key: file:master.key}}
keys: {identity: {type: local, vault: local}, partner: {type: local, vault: local}}
publication: {issuer: "https://gateway.example.com", keys: [identity]}
upstreams: {a: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: a
    match: {path: /**}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [{identity: {key: identity, issuer: "https://gateway.example.com", audience: [a]}}]
    upstream: a
"""


def section(page: str, heading: str) -> list[tuple[str, list[str]]]:
    """The commands of a section, each with what is shown below it."""
    text = (DOCS / page).read_text()
    return commands(text.partition(f"## {heading}\n")[2].partition("\n## ")[0])


def test_an_authority_signs_looks_and_revokes(tmp_path: Path) -> None:
    reader, typed = Reader(tmp_path, {}), section("certificates.md", "A small authority of your own")
    assert len(typed) == 8
    for command, _ in typed:
        bare = command.partition(" #")[0].rstrip()
        said = reader.types(f"{bare} --yes" if " sign " in bare else bare)  # without a terminal nobody can be asked
        assert reader.code == 0, (command, said)
    assert "1 revoked" in said


def test_keys_are_made_rotated_listed_taken_in_and_published(tmp_path: Path) -> None:
    reader, typed = Reader(tmp_path, {}), section("keys.md", "Commands")
    assert len(typed) == 5
    (tmp_path / "gateway.yaml").write_text(KEYS)
    (tmp_path / "password").write_text("of the store")
    reader.types("ostiary vault key >master.key && chmod 600 master.key")
    reader.types(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout p.key -out p.pem -subj /CN=partner"
    )
    reader.types("openssl pkcs12 -export -inkey p.key -in p.pem -out partner.p12 -passout file:password")
    for command, shown in typed:
        said = reader.types(command)
        assert reader.code == 0, (command, said)
        for line in shown:
            assert alike(line, said), (line, said)


def alike(shown: str, said: str) -> bool:
    """Whether a line was said, but for moments and key ids."""
    pattern = re.sub(r"\w+\\\.\\\.\\\.|\d{4}\\-\d\d\\-\d\dT[\d:]+Z", r"\\S+", re.escape(shown.strip()))
    return re.search(re.sub(r"(\\ )+", r"\\s+", pattern), said) is not None
