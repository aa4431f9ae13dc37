"""What do those who verify our tokens find, and what may they remember?"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import jwt
import pytest
from tests.unit.keys.conftest import NOW

from ostiary.config.keys import PublicationSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.keys.local import LocalKeeper
from ostiary.keys.material import make
from ostiary.keys.publication import Documents, Publication
from ostiary.keys.ring import Ring
from ostiary.model import Headers

SPEC = PublicationSpec.model_validate(
    {"issuer": "https://gateway.example.com/a", "keys": ["identity"], "max_age": "5m"}
)
JWKS = "/a/.well-known/jwks.json"


@pytest.fixture
def ring(local, clock):
    local.add(make("ec-p256"), NOW - 10)
    local.add(make("rsa-2048"), NOW + 600)
    return Ring("identity", LocalKeeper(local), keep=3600.0, clock=clock)


@pytest.fixture
def publication(ring):
    return Publication(SPEC, {"identity": ring})


@dataclass
class Asked:
    """A request, as far as it is looked at; and what it is answered."""

    path: str = JWKS
    method: str = "GET"
    headers: Headers = field(default_factory=Headers)
    target: bytes = b""
    status: int = 0
    fields: dict[bytes, bytes] = field(default_factory=dict)
    length: int | None = None
    content: bytes = b""
    ended: bool = False

    def start(self, status, headers, length, source):
        self.status, self.fields, self.length = status, dict(headers), length

    def write(self, data):
        self.content += data

    def finish(self):
        self.ended = True


async def ask(publication: Publication, asked: Asked) -> Asked:
    documents = Documents(publication)
    await documents.forward(documents.prepare(asked, None), None, asked)
    assert asked.ended
    return asked


async def test_the_key_set_has_every_version_that_may_be_met(publication):
    document = await publication.document(JWKS)
    keys = jwt.PyJWKSet.from_dict(json.loads(document.content)).keys
    assert [key.key_type for key in keys] == ["RSA", "EC"]
    assert b'"d"' not in document.content


async def test_discovery_leads_to_the_key_set(publication):
    document = await publication.document("/a/.well-known/openid-configuration")
    assert json.loads(document.content) == {
        "issuer": "https://gateway.example.com/a",
        "jwks_uri": "https://gateway.example.com/a/.well-known/jwks.json",
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
    }


async def test_nothing_else_is_published(publication):
    assert await publication.document("/a/.well-known/other") is None


async def test_it_may_be_remembered_and_asked_for_again(publication):
    first = await ask(publication, Asked())
    assert first.status == 200
    assert first.fields[b"Cache-Control"] == b"public, max-age=300"
    assert first.fields[b"Content-Type"] == b"application/jwk-set+json"
    tag = first.fields[b"ETag"]
    again = await ask(publication, Asked(headers=Headers.of([(b"If-None-Match", b'"other", W/' + tag)])))
    assert (again.status, again.content) == (304, b"")
    anew = await ask(publication, Asked(headers=Headers.of([(b"If-None-Match", b'"other"')])))
    assert anew.status == 200


async def test_a_rotation_is_another_document(publication, local, ring):
    before = await publication.document(JWKS)
    local.add(make("ec-p256"), NOW + 900)
    await ring.read()
    assert (await publication.document(JWKS)).tag != before.tag


async def test_head_is_answered_without_content(publication):
    asked = await ask(publication, Asked(method="HEAD"))
    assert (asked.content, asked.length) == (b"", len((await publication.document(JWKS)).content))


async def test_keys_that_cannot_be_known_are_an_outage_and_no_empty_set(publication, store, ring):
    store.path.unlink()
    with pytest.raises(CredentialUnavailable):
        await ask(publication, Asked())


def test_a_key_that_is_not_there_stops_the_start(ring):
    with pytest.raises(ConfigError, match="no key 'identity'"):
        Publication(SPEC, {"other": ring})
