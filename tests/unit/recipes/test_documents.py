"""Would the controllers that are not run here take the documents that recipes write for them?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, ValidationError
from tests.unit.recipes.shapes import SHAPES
from tests.unit.recipes.test_recipes import planned

from ostiary.recipes import RECIPES


def document(name: str, **changed: object) -> object:
    """What a recipe writes, below its first line; the policy looks at `Authorization`, too."""
    dialect, write = RECIPES[name]
    plan = replace(planned(dialect), evidence=("authorization", "cookie", "x-api-key"), **changed)
    return json.loads(write(plan).partition("\n")[2])


def test_every_recipe_that_is_a_document_for_a_controller_has_its_shape():
    run_here = {"nginx", "haproxy", "haproxy-lua", "apache", "caddy", "envoy-http", "envoy-grpc"}
    assert set(SHAPES) == set(RECIPES) - run_here


@pytest.mark.parametrize("name", SHAPES)
def test_each_is_of_the_shape_that_is_published(name):
    Draft202012Validator.check_schema(SHAPES[name])
    Draft202012Validator(SHAPES[name]).validate(document(name))


@pytest.mark.parametrize("name", SHAPES)
def test_a_field_that_nobody_knows_would_be_found(name):
    made = document(name)
    (first, *_) = made
    with pytest.raises(ValidationError):
        Draft202012Validator(SHAPES[name]).validate({**made, f"{first}s": made[first]})


@pytest.mark.parametrize("name", [one for one in SHAPES if one not in ("ingress-nginx", "apisix")])
def test_without_certificates_as_well(name):
    Draft202012Validator(SHAPES[name]).validate(document(name, certificates=False, authorities=()))
