"""What do several files say together, and whose place do mistakes have?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.surroundings import ENVIRONMENT, NOW
from tests.unit.config.files import SOUND, changed

from ostiary.config.load import examine
from ostiary.config.loaded import Examined
from ostiary.config.render import Look, as_json, as_sarif, human, render

SECRET = "hunter2-in-the-clear"


def laid(folder: Path, *overlays: str, base: str = SOUND) -> Examined:
    """Lay texts over the sound file, and judge what comes out."""
    files = [folder / "base.yaml", *(folder / f"over{number}.yaml" for number in range(len(overlays)))]
    for file, text in zip(files, (base, *overlays), strict=True):
        file.write_text(text)
    return examine(files[0], files[1:], now=NOW, environ=ENVIRONMENT)


def places(examined: Examined) -> list[str]:
    """FILE:LINE CODE of every mistake."""
    found = [(examined.source.place(one.mark).rpartition("/")[2], one.code) for one in examined.problems]
    return [f"{place.rpartition(':')[0]} {code}" for place, code in found]


def test_a_block_is_taken_together_key_by_key(furnished: Path) -> None:
    loaded = laid(furnished, "issuers: {bank: {keys: {refresh: 7m}}}").sound()
    before = laid(furnished).sound().spec.issuers["bank"]
    after = loaded.spec.issuers["bank"]
    assert after.keys.refresh == 420
    assert (after.issuer, after.audiences) == (before.issuer, before.audiences)


def test_a_list_is_replaced_as_a_whole(furnished: Path) -> None:
    loaded = laid(furnished, "upstreams: {accounts: {endpoints: [http://10.9.9.9:1]}}").sound()
    assert [str(one) for one in loaded.spec.upstreams["accounts"].endpoints] == ["http://10.9.9.9:1"]


def test_routes_are_taken_together_by_name(furnished: Path) -> None:
    before = laid(furnished).sound().spec.routes
    name = before[-1].name
    after = laid(furnished, f"routes: [{{name: {name}, authorize: anyone}}]").sound().spec.routes
    assert [route.name for route in after] == [route.name for route in before]
    assert after[-1].authorize == "anyone"
    assert after[-1].authenticate == before[-1].authenticate


def test_a_new_name_is_a_new_route(furnished: Path) -> None:
    fresh = (
        "routes:\n  - {name: fresh, match: {path: /fresh}, authenticate: {mtls: {allow: ['*']}},"
        " authorize: anyone, upstream: accounts}\n"
    )
    after = laid(furnished, fresh).sound()
    assert after.spec.routes[-1].name == "fresh"
    assert after.place("routes", len(after.spec.routes) - 1) == "over0.yaml:2"


def test_a_misspelt_route_is_a_route_that_lacks_everything(furnished: Path) -> None:
    name = laid(furnished).sound().spec.routes[0].name
    found = places(laid(furnished, f"routes:\n  - name: {name}x\n    authorize: anyone\n"))
    assert {place.partition(" ")[0] for place in found} == {"over0.yaml:2"}
    assert "over0.yaml:2 C102" in found


def test_one_kind_of_a_thing_replaces_another_as_a_whole(furnished: Path) -> None:
    bao = "vaults: {local: {type: hashicorp, address: 'https://bao:8200', auth: {token: env:MASTER_KEY}}}"
    assert laid(furnished, bao).sound().spec.vaults["local"].type == "hashicorp"
    name = laid(furnished).sound().spec.routes[0].name
    bare = f"routes: [{{name: {name}, authenticate: {{mtls: {{allow: ['*']}}}}, authorize: anyone, inject: []}}]"
    assert laid(furnished, bare).sound().spec.routes[0].authenticate.kind == "mtls"


def test_the_last_word_counts_and_its_place_is_shown(furnished: Path) -> None:
    first, second = "drain_timeout: 7s\n", "# later\ndrain_timeout: 9s\n"
    loaded = laid(furnished, first, second).sound()
    assert loaded.spec.drain_timeout == 9
    assert loaded.place("drain_timeout") == "over1.yaml:2"
    assert [path.name for path in loaded.overlays] == ["over0.yaml", "over1.yaml"]


def test_a_mistake_has_the_place_of_the_file_that_it_is_in(furnished: Path) -> None:
    wrong = changed(("[bank, partner]", "[bnak, partner]"))
    line = next(number for number, text in enumerate(wrong.split("\n"), 1) if "bnak" in text)
    found = laid(furnished, "issuers:\n  bank:\n    audience: [x]\n", base=wrong)
    assert [place for place in places(found) if not place.endswith("C401")] == [
        f"base.yaml:{line} C204",
        "over0.yaml:3 C101",
    ]


def test_what_is_said_together_is_checked_together(furnished: Path) -> None:
    """A reference of the one to an entry of the other holds; one that an overlay breaks is told where it stands."""
    more = "upstreams: {spare: {endpoints: ['http://10.0.0.9:1']}}\n"
    name = laid(furnished).sound().spec.routes[0].name
    assert laid(furnished, more, f"routes: [{{name: {name}, upstream: spare}}]").loaded is not None
    broken = laid(furnished, f"# a line\nroutes: [{{name: {name}, upstream: spare}}]")
    assert any(place.startswith("over0.yaml:2 C20") for place in places(broken))


def test_two_routes_of_one_name_in_an_overlay_are_one_too_many(furnished: Path) -> None:
    name = laid(furnished).sound().spec.routes[0].name
    twice = f"routes:\n  - {{name: {name}}}\n  - {{name: {name}}}\n"
    assert "over0.yaml:3 C102" in places(laid(furnished, twice))


@pytest.mark.parametrize(
    ("overlay", "code"),
    [("", "C115"), ("a: [", "C100"), ("- a\n", "C104"), ("\tb: 1", "C106"), ("a: *b", "C118"), ("routes: yes", "C108")],
)
def test_an_overlay_that_is_none_stops_the_start(furnished: Path, overlay: str, code: str) -> None:
    examined = laid(furnished, overlay)
    assert examined.loaded is None
    assert any(place.startswith("over0.yaml:1 ") and place.endswith(code) for place in places(examined))


def test_an_overlay_that_is_not_there_stops_the_start(furnished: Path) -> None:
    (furnished / "base.yaml").write_text(SOUND)
    examined = examine(furnished / "base.yaml", [furnished / "missing.yaml"], now=NOW, environ=ENVIRONMENT)
    assert examined.loaded is None
    assert places(examined) == ["missing.yaml:1 C512"]


def test_nothing_hides_that_the_first_file_is_none(furnished: Path) -> None:
    assert laid(furnished, SOUND, base="- a list\n").loaded is None


def test_a_key_that_stands_twice_in_one_file_is_refused_and_in_two_files_not(furnished: Path) -> None:
    assert laid(furnished, "drain_timeout: 7s\n", "drain_timeout: 7s\n").loaded is not None
    assert "over0.yaml:2 C105" in places(laid(furnished, "drain_timeout: 7s\ndrain_timeout: 8s\n"))


@pytest.mark.parametrize("overruled", [False, True])
def test_secrets_are_starred_in_every_file_also_where_a_later_one_overrules_them(
    furnished: Path, overruled: bool
) -> None:
    literal = f"vaults: {{local: {{master_key: {SECRET}}}}}\n"
    right = "vaults: {local: {master_key: env:MASTER_KEY}}\nwrong: 1\n"
    base = changed(("master_key: env:MASTER_KEY", f"master_key: {SECRET}"))
    examined = laid(furnished, literal, *([right] if overruled else []), base=base)
    assert examined.loaded is None
    shown = [
        human(examined.problems, examined.source, Look()),
        json.dumps(as_json(examined.problems, examined.source)),
        json.dumps(as_sarif(examined.problems, examined.source)),
        render(examined.problems, examined.source, "github"),
        repr(examined),
        *examined.source.lines,
        *(line for one in examined.source.overlays for line in one.lines),
    ]
    assert not [text for text in shown if SECRET in text]


def test_people_and_programs_are_told_the_file(furnished: Path) -> None:
    examined = laid(furnished, "isuers: {}\n")
    names = [str(furnished / name) for name in ("base.yaml", "over0.yaml")]
    text = human(examined.problems, examined.source, Look())
    assert text.startswith(f"{names[0]} + {names[1]}: ")
    assert f"{names[1]}:1:1" in text
    assert "isuers: {}" in text
    document = as_json(examined.problems, examined.source)
    assert (document["file"], document["overlays"]) == (names[0], [names[1]])
    assert {problem["file"] for problem in document["problems"] if problem["severity"] == "error"} == {names[1]}
    assert f"file={names[1]}," in render(examined.problems, examined.source, "github")
    assert names[1] in json.dumps(as_sarif(examined.problems, examined.source))
