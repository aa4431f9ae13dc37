"""Can a program use the keys of a file that no gateway could be started with?"""

from __future__ import annotations

import json
from pathlib import Path

import jwt
import pytest
from tests.unit.keys.conftest import NOW

import ostiary
from ostiary.config.problem import ConfigInvalid
from ostiary.keys.local import LocalRing
from ostiary.keys.material import make
from ostiary.model import Secret
from ostiary.sealed import LocalStore, new_key_text
from ostiary.sealed.crypt import MasterKeys, master_key

FILE = """
version: 1
vaults:
  local: {type: local, path: vault.db, master_key: file:master}
keys:
  myKey: {type: local, vault: local}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    text = new_key_text()
    (tmp_path / "master").write_text(text)
    store = LocalStore(tmp_path / "vault.db", MasterKeys(master_key(Secret(text), "master")))
    LocalRing(store, "keys/mykey").add(make("rsa-2048"), NOW - 1_000_000_000)
    (tmp_path / "gateway.yaml").write_text(FILE.replace("myKey", "mykey"))
    return tmp_path / "gateway.yaml"


async def test_a_locally_encrypted_token_is_made_and_opened(file):
    async with ostiary.open_keys(file) as keys:
        token = await keys.sign_and_encrypt({"aal": 3}, "mykey")
        assert token.count(".") == 4
        known = jwt.PyJWKSet.from_dict(await keys.jwks())
        assert jwt.decode(await keys.decrypt(token, "mykey"), known.keys[0], ["RS256"]) == {"aal": 3}
        assert json.loads(await keys.decrypt(await keys.encrypt({"aal": 3}, "mykey"), "mykey")) == {"aal": 3}


async def test_mistakes_in_these_sections_are_all_told(file):
    file.write_text(file.read_text().replace("type: local, vault: local", "type: local, vault: lokal"))
    with pytest.raises(ConfigInvalid) as caught:
        async with ostiary.open_keys(file):
            pass
    assert [problem.code for problem in caught.value.problems] == ["C201"]
