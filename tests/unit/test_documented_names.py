"""Is there every reason, code, metric, field and function that a page names?"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.pages import PAGES, ROOT, blocks, named

from ostiary.config.codes import CODES
from ostiary.pki.diagnosis.codes import CODES as FINDINGS
from ostiary.reasons import Reason

HISTORY = "docs/adr/"  # decisions say what was, too
MADE = ("docs/errors.md", "docs/configuration.md")  # from the code
NAMES = sorted({named(page) for page in PAGES} - {*MADE, "CHANGELOG.md"})
CODE = re.compile(r"\b([CD]\d{3})\b")
METRIC = re.compile(r"`(ostiary_[a-z_]*[a-z])(?!_?\*)\b")
DOTTED = re.compile(r"`([a-z]+)\.([a-z_-]+)`")
FIELDS = re.compile(r"`(\w+(?: > \w+)+)`")
FIELD = re.compile(r"`(\w+):(?: [^`]*)?`")
OTHERS = {
    *("extendedKeyUsage", "alg", "b64", "typ", "aud", "use"),  # of certificates and tokens
    *("Authorization", "te", "Upgrade"),  # of heads
    *("file", "env"),  # kinds of references
    *("encode_raw_headers", "alpn_protocols", "defaultMode"),  # of Envoy and Kubernetes
    "autorize",  # the tutorial's mistake
}
PLACEHOLDER = "NAME"


def keys(node: Any) -> Iterator[str]:
    """Every key of the language, from its schema."""
    if isinstance(node, dict):
        yield from node.get("properties", ())
        node = [*node.values()]
    if isinstance(node, list):
        for one in node:
            yield from keys(one)


REASONS = {str(one) for one in Reason}
AREAS = {one.partition(".")[0] for one in REASONS}
KEYS = set(keys(json.loads((ROOT / "config/schema.json").read_text())))
METRICS = set(METRIC.findall((ROOT / "docs/metrics.md").read_text()))


@pytest.mark.parametrize("name", NAMES)
def test_every_code_is_one_that_is_told(name: str):
    assert set(CODE.findall((ROOT / name).read_text())) - set(CODES) - set(FINDINGS) == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_one_that_is_told(name: str):
    assert set(METRIC.findall((ROOT / name).read_text())) - METRICS == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_word_with_a_point_is_a_reason_a_field_or_a_file(name: str):
    found = {(area, word) for area, word in DOTTED.findall((ROOT / name).read_text()) if area in AREAS}
    rest = {(area, word) for area, word in found if f"{area}.{word}" not in REASONS}
    assert {(area, word) for area, word in rest if word not in ("py", "yaml") and not {area, word} <= KEYS} == set()


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(HISTORY)])
def test_every_field_is_of_the_language(name: str):
    text = (ROOT / name).read_text()
    paths = {key for path in FIELDS.findall(text) for key in path.split(" > ")}
    assert (paths | set(FIELD.findall(text))) - KEYS - OTHERS - {PLACEHOLDER} == set()


@pytest.mark.parametrize("place", blocks("python", PAGES), ids=str)
def test_python_can_be_read_and_finds_what_it_takes_from_us(place: Any):
    tree = compile(place.text, str(place), "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ostiary"):
            module = importlib.import_module(node.module)
            assert [one.name for one in node.names if not hasattr(module, one.name)] == []
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ostiary":
            assert hasattr(importlib.import_module("ostiary"), node.attr)


def test_the_pipeline_is_shown_as_it_is():
    (shown,) = (one.text for one in blocks("python", PAGES) if one.page == "docs/life-of-a-request.md")
    code = [line.strip() for line in (ROOT / "src/ostiary/pipeline.py").read_text().splitlines()]
    assert [line for line in shown.splitlines() if line.partition("  #")[0].strip() not in code] == []


def test_what_there_is_not_would_be_seen():
    assert set(CODE.findall("C999 and D101")) - set(CODES) - set(FINDINGS) == {"C999"}
    assert METRIC.findall("`ostiary_nothing_total{a}`") == ["ostiary_nothing_total"]
    assert not set(FIELDS.findall("`tls > clients`")[0].split(" > ")) <= KEYS
