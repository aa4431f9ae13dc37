"""Do the schema, the reference and the codes say what the code does?"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from ruamel.yaml import YAML
from tests.support.surroundings import ENVIRONMENT
from tests.unit.config.corpus import FILES, FOLDER, expected
from tests.unit.config.files import SOUND
from tools import generate

from ostiary.cli.reasons import CAUSES
from ostiary.config.codes import CODES
from ostiary.config.jsonschema import all_specs, json_schema
from ostiary.config.load import load
from ostiary.config.messages.nouns import LATER, NOUNS
from ostiary.config.problem import ConfigInvalid
from ostiary.config.schema import GatewaySpec
from ostiary.pki.development import write_development_pki
from ostiary.reasons import Reason

ROOT = Path(__file__).parent.parent.parent.parent
SCHEMA = Draft202012Validator(json_schema())


def plain(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("name", generate.PAGES)
def test_generated_pages_are_in_step(name: str) -> None:
    assert (ROOT / name).read_text() == generate.PAGES[name](), f"{name}: run tools/generate.py"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("file", [ROOT / "config" / "gateway.yaml", FOLDER / "sound.yaml"], ids=lambda file: file.name)
def test_the_schema_accepts_whole_files(file: Path) -> None:
    assert [error.message for error in SCHEMA.iter_errors(plain(file.read_text()))] == []


def test_the_schema_accepts_what_loads_and_refuses_most_of_what_does_not() -> None:
    shapes = [file for file in FILES if expected(file).code < "C120" and not file.stem.startswith(("shape", "yaml"))]
    for file in FILES:
        try:
            load(file)
        except ConfigInvalid:
            continue
        assert SCHEMA.is_valid(plain(file.read_text())), file.name
    refused = [file for file in shapes if not SCHEMA.is_valid(plain(file.read_text()))]
    assert len(refused) == len(shapes), sorted({file.name for file in shapes} - {file.name for file in refused})


WORDS = st.sampled_from([
    "10s", "1.5h", "64KiB", "7MB", "env:A", "file:a.pem", "127.0.0.1:1", "[::1]:0", "http://a:1", "https://a/b?c", "*.A.b",
    "a", "/", "/*/**", "/é/ x", "X-A", "!#", "M-SEARCH", "GET", "1.3", "anyone", "cn", "EdDSA", "accepted", "endpoint",
])  # fmt: skip
VALUES = st.one_of(WORDS, st.integers(0, 2000), st.lists(WORDS, max_size=2), st.text(max_size=3))


DOCUMENT = plain(SOUND)


def leaves(node: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(leaf for key, value in items for leaf in leaves(value, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_schema_accepts_whatever_the_specs_accept(data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    for path in data.draw(st.lists(st.sampled_from(leaves(document)[1:]), min_size=1, max_size=2)):
        place = document
        try:
            for step in path[:-1]:
                place = place[step]
            place[path[-1]]
            place.copy()
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
        place[path[-1]] = data.draw(VALUES)
    try:
        GatewaySpec.model_validate(document)
    except ValidationError:
        return
    assert [error.message for error in SCHEMA.iter_errors(document)] == []


def test_defaults_are_written_as_in_a_file() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["KeysSpec"]["properties"]["refresh"]["default"] == "10m"
    assert definitions["ListenerLimits"]["properties"]["headers"]["default"] == "32KiB"
    assert '"default": null' not in json.dumps(json_schema())


def test_every_option_is_described() -> None:
    for name, definition in json_schema()["$defs"].items():
        for key, option in definition["properties"].items():
            assert option.get("description") or option.get("const"), f"{name}.{key}"


def test_every_block_has_a_noun() -> None:
    assert set(all_specs()) == set(NOUNS)


def test_what_is_not_yet_available_is_not_in_the_language() -> None:
    for spec, names in LATER.items():
        assert set(names).isdisjoint(spec.model_fields), spec.__name__


def test_every_code_that_is_used_is_explained_and_the_other_way_round() -> None:
    used: set[str] = set()
    for file in (ROOT / "src" / "ostiary" / "config").rglob("*.py"):
        if file.parent.name != "codes":
            used |= set(re.findall(r'"(C[0-9]{3})"', file.read_text()))
    assert used == set(CODES)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_a_code_says_why_with_a_wrong_and_a_right_example(code: object) -> None:
    assert code.title
    assert code.text.endswith(".") or code.text.endswith("`.") or code.text.endswith(")")
    assert code.wrong
    assert code.right
    assert code.wrong != code.right


def test_every_reason_has_a_cause_and_a_remedy() -> None:
    assert set(CAUSES) == set(Reason)
    assert all(cause and remedy for cause, remedy in CAUSES.values())


def test_every_code_of_a_mistake_is_in_the_corpus() -> None:
    missing = set(CODES) - {expected(file).code for file in FILES}
    warnings = {"C220", "C401", "C402", "C403", "C406", "C407", "C408", "C409", "C411", "C412"}
    assert missing == {*warnings, "C512", "C560", "C561"}  # no file to put there; what is installed is whole


def test_the_reference_passes_beside_development_certificates(tmp_path: Path) -> None:
    from ostiary.config.load import load_checked  # noqa: PLC0415

    (tmp_path / "config").mkdir()
    (tmp_path / "certs" / "dev").mkdir(parents=True)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "vault.db").touch(mode=0o600)
    (tmp_path / "config" / "gateway.yaml").write_bytes((ROOT / "config" / "gateway.yaml").read_bytes())
    write_development_pki(tmp_path / "certs" / "dev")
    environment = dict.fromkeys(
        ("OSTIARY_MASTER_KEY", "OSTIARY_ROLE_ID", "OSTIARY_SECRET_ID"), ENVIRONMENT["MASTER_KEY"]
    )
    loaded = load_checked(
        tmp_path / "config" / "gateway.yaml", environ=environment
    )  # they begin now, however late that is
    assert [problem.code for problem in loaded.warnings] in ([], ["C408"])
