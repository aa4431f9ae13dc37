"""Are the examples, and the pieces of YAML in the documents, what the language is today?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.records import Record

from ostiary.authn.compile import Around, compose
from ostiary.authz.compile import compile_policy
from ostiary.config.load import examine, load
from ostiary.demo.places import template
from ostiary.inject import Tools, compile_injectors, withheld
from ostiary.jwks import compile_issuer

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NOT_THERE = re.compile(r"C5\d\d|C408")  # files and secrets of somebody else's machine, and their age


def files() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in [*EXAMPLES, ROOT / "config" / "demo.yaml"]]


@pytest.mark.parametrize("name", files())
def test_nothing_is_wrong_but_what_is_not_on_this_machine(name):
    problems = examine(ROOT / name, environ={}).problems
    assert [problem.code for problem in problems if not NOT_THERE.match(problem.code)] == []


def test_nothing_is_wrong_with_what_is_laid_over_an_example():
    overlays = sorted((ROOT / "examples" / "environments").glob("*.yaml"))
    assert overlays
    for overlay in overlays:
        examined = examine(ROOT / "examples" / "environments.yaml", [overlay], environ={})
        assert [problem.code for problem in examined.problems if not NOT_THERE.match(problem.code)] == []
        assert str(examined.source.overlays[0].name) == str(overlay)


@pytest.mark.parametrize("name", files())
def test_every_route_compiles(name):
    loaded = load(ROOT / name)
    issuers = {key: compile_issuer(key, spec, loaded.folder) for key, spec in loaded.spec.issuers.items()}
    records = {alias: Record(alias, "id", "secret") for alias in loaded.spec.credentials}
    tools = Tools(records, loaded.folder, keys=withheld(loaded.spec.keys))
    for route in loaded.spec.routes:
        compile_injectors(route.inject, records, tools)
        compose(route.authenticate, Around(issuers, records, loaded.folder))
        compile_policy(route.name, route.authorize)


def test_every_example_is_in_the_list():
    listed = (ROOT / "examples" / "README.md").read_text()
    assert [path.name for path in EXAMPLES if f"]({path.name})" not in listed] == []


def test_what_the_readme_shows_stands_in_the_file_it_names():
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block in (ROOT / "config" / "demo.yaml").read_text()


def test_the_demo_starts_what_stands_in_config():
    assert template() == (ROOT / "config" / "demo.yaml").read_text()
