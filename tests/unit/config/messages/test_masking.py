"""Can a literal secret get out of a file through what is said of it? (ER-6)"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.config.files import changed, judge

from ostiary.config.problem import ConfigInvalid
from ostiary.config.render import render

CANARY = "c4n4ry-c4n4ry-c4n4ry"
PEM = f"|\n        -----BEGIN PRIVATE KEY-----\n        {CANARY}\n        -----END PRIVATE KEY-----"
MISTAKE = ("methods: [GET, HEAD]", "methods: [get, HEAD]")

PLACES = {
    "where a reference belongs": ("env:MASTER_KEY", CANARY),
    "in quotes": ("env:MASTER_KEY", f'"{CANARY}"'),
    "over several lines": ("env:MASTER_KEY}", f'"{CANARY}\n    {CANARY}"}}'),
    "as a block": ("      private_key: file:pki/server.key", f"      private_key: {PEM}"),
    "as a private key": ("private_key: file:pki/server.key", f"private_key: {CANARY}"),
    "under a misspelt key": ("token: env:VAULT_TOKEN", f"tokne: {CANARY}"),
    "under another misspelt key": ("path: vault.db,", f"path: vault.db, pass: {CANARY},"),
    "under an unknown key": ("    cache: {ttl: 60s}", f"    cache: {{ttl: 60s}}\n    password: {CANARY}"),
    "deep under an unknown key": ("    cache: {ttl: 60s}", f"    cache: {{ttl: 60s}}\n    extra: [{{a: {CANARY}}}]"),
    "in a way to log in that is not there yet": (
        "{token: env:VAULT_TOKEN}",
        f"{{userpass: {{name: a, word: {CANARY}}}}}",
    ),
    "in a vault that is not there yet": ("type: hashicorp", f"type: onepassword\n    certificate: {CANARY}"),
    "in a URL": ("http://127.0.0.1:9100", f"http://me:{CANARY}@127.0.0.1:9100"),
    "in an address": ("https://vault.example.com", f"https://me:{CANARY}@vault.example.com"),
    "in a header": ('{name: X-Subject, value: "{principal.subject}"}', f"{{name: X-Api-Key, value: {CANARY}}}"),
    "in a list": ("env:MASTER_KEY", f"[{CANARY}]"),
    "in a text that is not YAML": ("auth: {token: env:VAULT_TOKEN}", f"auth: {{token: {CANARY}"),
    "in a text with a tab": ("    auth: {token: env:VAULT_TOKEN}", f"\t  auth: {{token: {CANARY}}}"),
    "under a merge key": ("claims: {tenant: tid}", f"<<: {{token: {CANARY}}}"),
    "under a key that is a trap": ("claims: {tenant: tid}", f"on: {CANARY}"),
    "under a key that is a list": ("claims: {tenant: tid}", f"? [a]\n    : {CANARY}"),
    "with a tag": ("token: env:VAULT_TOKEN", f"token: !!str {CANARY}"),
    "twice": ("{token: env:VAULT_TOKEN}", f"{{token: env:VAULT_TOKEN, token: {CANARY}}}"),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_cannot(place: str, furnished: Path) -> None:
    for more in ((), (MISTAKE,)):
        examined = judge(furnished, changed(PLACES[place], *more))
        for form in ("human", "json", "github", "sarif"):
            assert CANARY not in render(examined.problems, examined.source, form)
        assert CANARY not in repr(examined)
        if examined.loaded is None:
            with pytest.raises(ConfigInvalid) as caught:
                examined.sound()
            assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.problems!r}"


def test_what_is_no_secret_is_shown(furnished: Path) -> None:
    examined = judge(
        furnished, changed(("authorize: anyone", "authorise: anyone"), ("type: hashicorp", "type: onepassword"))
    )
    text = render(examined.problems, examined.source)
    assert "authorise: anyone" in text
    assert "type: onepassword" in text
    assert "******" not in text


HIDDEN = {
    "a PIN that begins with 0": (("env:MASTER_KEY", "0417304173"), "417304173"),
    "a password in the URL of an issuer": (("https://id.example.com", f"http://me:{CANARY}@id.example.com"), CANARY),
}


@pytest.mark.parametrize(("change", "text"), HIDDEN.values(), ids=HIDDEN.keys())
def test_what_is_said_of_it_repeats_it_neither_in_the_sentence_nor_in_what_was_meant(
    change: tuple[str, str], text: str, furnished: Path
) -> None:
    examined = judge(furnished, changed(change))
    assert {"C108", "C126"} & {problem.code for problem in examined.problems}
    assert text not in f"{examined.problems!r} {render(examined.problems, examined.source)}"
