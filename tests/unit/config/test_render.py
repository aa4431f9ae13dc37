"""How is a mistake shown?"""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.config.files import changed, judge

from ostiary.config.problem import Mark, Problem, Source
from ostiary.config.render import Look, human, render

SOURCE = Source("gateway.yaml", ("routes:", "  - name: a", "    authorise: anyone", "    upstream: b"))
TYPO = Problem(
    "C101",
    "unknown key 'authorise' in a route",
    Mark(3, 5, 9),
    ("routes", 0, "authorise"),
    'routes[0] "a" > authorise',
    "authorize",
    facts=(("note", "as written this route would have had NO authorization rules"),),
)


def test_people_see_what_where_what_was_meant_and_why_it_matters() -> None:
    assert (
        human([TYPO], SOURCE, Look(unicode=False))
        == """\
gateway.yaml: 1 error

error[C101] unknown key 'authorise' in a route                              gateway.yaml:3:5
   1 | routes:
   2 |   - name: a
   3 |     authorise: anyone
     |     ^^^^^^^^^ did you mean 'authorize'?
     = at      routes[0] "a" > authorise
     = note    as written this route would have had NO authorization rules

Nothing was started. `ostiary help C101` explains a code."""
    )


def test_the_place_stands_at_the_end_of_the_line_or_below_it_where_there_is_no_room() -> None:
    line = "error[C101] unknown key 'authorise' in a route"
    lines = {width: human([TYPO], SOURCE, Look(width=width)).splitlines()[2:4] for width in (0, 40, 63, 64, 80, 300)}
    assert lines[40] == lines[63] == [line, "  --> gateway.yaml:3:5"]
    assert lines[64][0] == f"{line}  gateway.yaml:3:5"
    assert lines[80][0] == f"{line:<64}gateway.yaml:3:5"
    assert lines[300] == lines[0]


def test_plain_text_is_ascii_and_has_no_colour() -> None:
    text = human([TYPO], SOURCE, Look(colour=False, unicode=False))
    assert text.isascii()
    assert "\x1b" not in text


def test_colour_adds_nothing_but_colour() -> None:
    import re  # noqa: PLC0415

    coloured = human([TYPO], SOURCE, Look(colour=True))
    assert re.sub("\x1b\\[[0-9]+m", "", coloured) == human([TYPO], SOURCE, Look(colour=False))
    assert coloured != human([TYPO], SOURCE, Look(colour=False))


def test_two_routes_are_shown_beside_each_other(furnished: Path) -> None:
    text = changed(("{path: /reports/*}", "{host: api.example.com, path: /accounts/**, methods: [GET]}"))
    examined = judge(furnished, text)
    shown = render(examined.problems, examined.source)
    assert "  43 | accounts-read                 host api.example.com  path /accounts/**  GET HEAD" in shown
    assert "  56 | reports                       host api.example.com  path /accounts/**  GET" in shown
    assert "= example GET https://api.example.com/accounts/1 could go to either" in shown


def test_a_terminal_is_not_moved_by_what_a_file_holds() -> None:
    source = Source("a.yaml", ("name: \x1b[2J\u202eevil",))
    shown = human([Problem("C131", "'\x1b[2J' is not a name", Mark(1, 7))], source, Look())
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_github_marks_the_line_and_no_text_of_a_file_ends_the_command() -> None:
    problem = Problem("C131", "100% 'a\nb' is not a name", Mark(2, 3, 4))
    line = render([problem], Source("a,b:c.yaml"), "github")
    assert line == "::error file=a%2Cb%3Ac.yaml,line=2,col=3,endColumn=7,title=C131::100%25 'a%0Ab' is not a name"


def test_json_holds_every_problem_with_its_place() -> None:
    document = json.loads(render([TYPO], SOURCE, "json"))
    assert (document["ok"], document["errors"], document["warnings"]) == (False, 1, 0)
    assert (
        document["problems"][0] | {"code": "C101", "line": 3, "column": 5, "suggestion": "authorize"}
        == document["problems"][0]
    )


def test_sarif_says_rule_and_region() -> None:
    run = json.loads(render([TYPO], SOURCE, "sarif"))["runs"][0]
    assert run["tool"]["driver"]["rules"] == [{"id": "C101"}]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": 5,
        "endColumn": 14,
    }


def test_a_file_without_problems_is_said_to_have_none() -> None:
    assert render([], SOURCE) == "gateway.yaml: no problems"
    assert render([], SOURCE, "github") == ""
