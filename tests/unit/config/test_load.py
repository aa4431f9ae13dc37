"""What is told of a file that has more than one mistake, and what of a hostile one?"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.config.files import SOUND, changed, codes, judge

from ostiary.config import values
from ostiary.config.load import examine, load, load_checked
from ostiary.config.problem import ConfigInvalid
from ostiary.config.reading.text import LARGEST, MOST_ALIASES
from ostiary.config.schema import GatewaySpec
from ostiary.errors import ConfigError


def test_a_sound_file_is_its_spec(furnished: Path) -> None:
    (furnished / "a.yaml").write_text(SOUND)
    loaded = load(furnished / "a.yaml")
    assert isinstance(loaded.spec, GatewaySpec)
    assert loaded.folder == furnished
    assert [route.name for route in loaded.spec.routes] == ["accounts-read", "reports"]


def test_all_mistakes_are_told_at_once_sorted_by_position(furnished: Path) -> None:
    text = changed(
        ("[bank, partner]", "[bnak, partner]"),
        ("    authorize:\n", "    authorise:\n"),
        ("connect: 2s", "connect: 2"),
        (
            "  - name: reports\n    match: {path: /reports/*}",
            "  - name: reports\n    match: {path: /reports/*, methods: [get]}",
        ),
        ("vault: local}", "vault: locla}"),
    )
    examined = judge(furnished, text)
    assert codes(examined) == ["C201", "C121", "C204", "C101", "C130"]
    marks = [problem.mark for problem in examined.problems if problem.mark]
    assert marks == sorted(marks, key=lambda mark: (mark.line, mark.column))


def test_collisions_are_found_beside_a_misspelt_key(furnished: Path) -> None:
    text = changed(
        ("    authorize:\n", "    authorise:\n"),
        ("match: {path: /reports/*}", "match: {host: api.example.com, path: /accounts/**}"),
    )
    assert codes(judge(furnished, text)) == ["C101", "C311"]


def test_what_is_left_out_is_not_missed(furnished: Path) -> None:
    """The broken listener may be the one that asks for certificates: nobody can say that none does."""
    assert codes(judge(furnished, changed(("mode: optional", "mode: optinal")))) == ["C107"]


def test_a_name_of_a_broken_entry_is_known(furnished: Path) -> None:
    assert codes(judge(furnished, changed(("refresh: 10m", "refresh: 10")))) == ["C121"]


def test_an_exception_holds_all_of_them_and_names_the_first(furnished: Path) -> None:
    (furnished / "b.yaml").write_text(changed(("bind:", "bnid:"), ("ttl: 60s", "ttl: 60")))
    with pytest.raises(
        ConfigInvalid, match=r"b\.yaml:4:5: unknown key 'bnid' in a listener \[C101\] \(2 errors\)"
    ) as caught:
        load(furnished / "b.yaml")
    assert isinstance(caught.value, ConfigError)
    assert len(caught.value.problems) == 2


def test_load_checked_looks_around_and_load_does_not(furnished: Path) -> None:
    (furnished / "c.yaml").write_text(SOUND)
    load(furnished / "c.yaml")
    with pytest.raises(ConfigInvalid, match="MASTER_KEY"):
        load_checked(furnished / "c.yaml", environ={})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert codes(examine(tmp_path / "nowhere.yaml")) == ["C512"]
    assert codes(examine(tmp_path)) == ["C512"]


def test_a_few_aliases_are_fine(furnished: Path) -> None:
    text = changed(
        ("connect: 2s}", "connect: 2s}\n    tls: &tls {trusted: [file:pki/ca.pem]}"),
        ("endpoints: [http://127.0.0.1:9100]", "endpoints: [https://127.0.0.1:9100]\n    tls: *tls"),
    )
    assert judge(furnished, text).loaded is not None


def test_a_byte_order_mark_is_forgiven(furnished: Path) -> None:
    assert judge(furnished, "\ufeff" + SOUND).loaded is not None


@pytest.mark.attack(64)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 100_000, "C110"),
        ("a: " + "{a: " * 100_000, "C110"),
        ("- " * 5000, "C110"),
        ("a: &a [" + "*a," * MOST_ALIASES + "*a]", "C110"),
        ("#" * (LARGEST + 1), "C110"),
        ("a: &b x\nc: &b y\n", "C118"),
        ("%YAML 9.9\n---\nversion: 1\n", "C100"),
        ("? [[[]]]\n", "C112"),
    ],
    ids=["brackets", "braces", "dashes", "aliases", "size", "anchor", "directive", "key"],
)
def test_a_hostile_file_is_refused_in_bounded_time(tmp_path: Path, text: str, code: str) -> None:
    begun = time.process_time()
    assert code in codes(judge(tmp_path, text))
    assert time.process_time() - begun < 10


@pytest.mark.attack(64)
def test_no_number_of_aliases_makes_it_slow(tmp_path: Path) -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *{'a' if n == 0 else f'b{n - 1}'}]\n" for n in range(30)
    )
    begun = time.process_time()
    assert codes(judge(tmp_path, bomb)) == ["C110"]
    assert time.process_time() - begun < 10


def test_a_fraction_is_no_duration_although_the_spec_takes_one(furnished: Path) -> None:
    values.duration(2.5)  # a default, in code
    assert codes(judge(furnished, changed(("connect: 2s", "connect: 2.5")))) == ["C121"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_is_like_it_is_judged_and_nothing_is_raised(furnished: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SOUND)))
    length = data.draw(st.integers(0, 40))
    piece = data.draw(st.text(st.sampled_from("abn:-{}[]\"'#&*!|>%@`,? \t\n10é\x00"), max_size=12))
    examined = judge(furnished, SOUND[:start] + piece + SOUND[start + length :])
    for problem in examined.problems:
        assert problem.mark is None or problem.mark.line >= 1


@pytest.mark.parametrize(
    ("algorithm", "why"), [("HS256", "whoever verifies could sign"), ("none", "nobody has signed")]
)
def test_an_algorithm_that_is_left_out_on_purpose_has_its_reason_and_no_neighbour(
    furnished: Path, algorithm: str, why: str
) -> None:
    (problem,) = judge(furnished, changed(("algorithms: [ES256", f"algorithms: [{algorithm}"))).problems
    assert (problem.code, problem.suggestion) == ("C107", None)
    assert why in dict(problem.facts)["note"]


def test_who_writes_a_password_is_told_where_it_belongs_and_nobody_sees_it(furnished: Path) -> None:
    examined = judge(furnished, changed(("basic: {credential: accounts}", "basic: {password: hunter2}")))
    helps = [dict(problem.facts).get("help", "") for problem in examined.problems if "'password'" in problem.message]
    assert ["ostiary vault put" in one for one in helps] == [True]
    assert "hunter2" not in str(examined.problems) + "".join(examined.source.lines)
