"""What of a configuration is shown?"""

from __future__ import annotations

import json

from tests.unit.admin.conftest import FILE

from ostiary.admin.redact import digest, shown


def test_references_are_shown_as_written(view):
    said = shown(view.loaded)
    assert said["admin"]["token"] == "env:ADMIN_TOKEN"
    assert said["vaults"]["local"]["master_key"] == "file:master.key"


def test_templates_are_shown_and_constants_that_an_injector_writes_are_not(view):
    injected = shown(view.loaded)["routes"][0]["inject"]
    assert injected[1]["header"] == {"name": "X-Subject", "value": "{principal.subject}"}
    assert injected[2]["header"] == {"name": "X-Plain", "value": "******"}


def test_neither_comments_nor_constants_are_shown(view):
    assert "canary" not in json.dumps(shown(view.loaded))


def test_a_value_where_the_language_has_secrets_is_stars(viewing):
    view = viewing(FILE.replace("X-Plain, value: canary-in-a-constant", 'Cookie, value: "canary"'))
    assert "canary" not in json.dumps(shown(view.loaded))


def test_a_template_with_a_password_in_it_is_stars_too(viewing):
    link = "https://svc:canary@example.com/{principal.subject}"
    said = shown(viewing(FILE.replace("canary-in-a-constant", f'"{link}"')).loaded)
    assert said["routes"][0]["inject"][2]["header"] == {"name": "X-Plain", "value": "******"}


def test_numbers_and_words_are_shown_as_what_they_are(viewing):
    said = shown(viewing(FILE.replace("{vault: local}", "{vault: local, version: 3}")).loaded)
    assert said["version"] == 1
    assert said["credentials"]["legacy"] == {"vault": "local", "version": 3}
    assert said["routes"][0]["authorize"] == "anyone"


def test_the_query_of_a_url_is_stars(viewing):
    url = "https://keys.example.com/jwks?api-key=canary"
    view = viewing(FILE.replace("audiences: [accounts]", f'audiences: [accounts], jwks_url: "{url}"'))
    assert shown(view.loaded)["issuers"]["bank"]["jwks_url"] == "https://keys.example.com/jwks?******"


def test_the_digest_differs_with_what_the_file_says_and_not_with_how(viewing):
    first = digest(viewing().loaded)
    assert digest(viewing(FILE.replace("# canary-in-a-comment", "")).loaded) == first
    turned = FILE.replace("{type: local, path: vault.db,", "{path: vault.db, type: local,")
    assert turned != FILE
    assert digest(viewing(turned).loaded) == first
    assert digest(viewing(FILE.replace("/accounts}", "/account}")).loaded) != first
    assert len(first) == 12
