"""When is a revocation list on disk believed?"""

from __future__ import annotations

import pytest

from ostiary.listener.store import Store
from ostiary.pki.disk import Unusable

URL = "http://crl.example/ca.crl"


@pytest.fixture
def kept(tmp_path) -> Store:
    one = Store(tmp_path / "state")
    one.save(URL, b"a list", 1_000_000.0)
    return one


def test_what_was_fetched_and_when(kept):
    assert kept.load(URL) == (b"a list", 1_000_000.0)


def test_another_url_has_nothing(kept):
    assert kept.load(URL + "2") is None


def test_a_new_one_takes_the_place_of_the_old(kept):
    kept.save(URL, b"a newer list", 2_000_000.0)

    assert kept.load(URL) == (b"a newer list", 2_000_000.0)
    assert len(list(kept.folder.iterdir())) == 1


@pytest.mark.parametrize("where", ["file", "folder"])
def test_not_where_others_can_write(kept, where):
    (next(kept.folder.iterdir()) if where == "file" else kept.folder).chmod(0o777)

    with pytest.raises(Unusable):
        kept.load(URL)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Unusable):
        Store(tmp_path / "file" / "state").save(URL, b"", 0.0)
