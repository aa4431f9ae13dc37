"""Where in the server is a record, whatever it is called?"""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import ConfigError
from ostiary.vault.hashicorp.path import data, encoded


def test_a_record_and_a_pinned_version():
    assert data("secret", "legacy/accounts", None) == "secret/data/legacy/accounts"
    assert data("team/kv", "a b", 3) == "team/kv/data/a%20b?version=3"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "%", "a%2fb", "a\x00", "a\x7f", "a\x85", "a\n/b"],
)
def test_what_could_walk_elsewhere_is_refused(path):
    with pytest.raises(ConfigError):
        data("secret", path, None)
    with pytest.raises(ConfigError):
        data(path, "a", None)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_is_accepted_stays_one_segment_each(path):
    try:
        text = encoded(path)
    except ConfigError:
        return
    assert [unquote(segment) for segment in text.split("/")] == path.split("/")
    assert not set(text) & set("?#;&=+ \\%2e") - set("%2e")
