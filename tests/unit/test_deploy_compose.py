"""Is what stands in deploy/ for containers whole, and does it give nobody more than he needs?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ostiary.config.load import examine

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "compose"
FILE: dict[str, Any] = YAML(typ="safe").load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DOCKERFILE = (ROOT / "deploy/container/Dockerfile").read_text().replace("\\\n", " ").splitlines()
KEYS = {
    *("image", "build", "entrypoint", "command", "user", "read_only", "cap_drop", "security_opt", "tmpfs", "volumes"),
    *("networks", "network_mode", "ports", "depends_on", "healthcheck", "profiles"),
}
"""Words of the Compose Specification that are used; a misspelt one would be ignored by nobody, but found late."""


def mounts(service: dict[str, Any]) -> list[list[str]]:
    return [one.split(":") for one in service["volumes"]]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_is_root_or_may_become_it(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:0"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) is (name != "keycloak")  # which builds itself, in place
    assert set(service) <= KEYS


def test_every_service_sees_its_own_volume_only_and_only_the_authority_s_maker_its_key() -> None:
    seen = {
        name: {source for source, *_ in mounts(one) if not source.startswith(".")} for name, one in SERVICES.items()
    }
    assert seen.pop("ca") == set(FILE["volumes"])
    assert seen == {name: {name} for name in seen}
    assert SERVICES["ca"]["network_mode"] == "none"


def test_what_is_behind_can_be_reached_through_the_gateway_only() -> None:
    assert FILE["networks"]["behind"]["internal"] is True
    assert SERVICES["keycloak"]["networks"] == SERVICES["legacy"]["networks"] == ["behind"]
    assert SERVICES["bank"]["networks"] == ["front"]
    assert [name for name, one in SERVICES.items() if "ports" in one] == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["gateway"]["ports"])


def test_whatever_is_named_is_there() -> None:
    sources = [source for one in SERVICES.values() for source, *_ in mounts(one)]
    assert all((FOLDER / source).exists() for source in sources if source.startswith("."))
    assert {source for source in sources if not source.startswith(".")} == set(FILE["volumes"])
    assert {name for one in SERVICES.values() for name in one.get("depends_on", ())} <= set(SERVICES)
    for service in ("ca", "gateway"):
        build = SERVICES[service]["build"]
        assert (FOLDER / build["context"] / build["dockerfile"]).is_file()
        assert "target" not in build or any(line.endswith(f" AS {build['target']}") for line in DOCKERFILE)
    json.loads((FOLDER / "realm.json").read_text())


def test_the_gateway_s_file_is_right_but_for_what_its_containers_have() -> None:
    codes = {one.code for one in examine(FOLDER / "gateway.yaml", environ={}).problems}
    assert {code for code in codes if not re.match(r"C5\d\d", code)} == set()


def test_the_image_is_made_of_files_that_are_there_and_that_its_context_lets_in() -> None:
    lines = [line.split() for line in DOCKERFILE if line.startswith("COPY ") and "--from" not in line]
    copied = {source for _, *sources, _ in lines for source in sources}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied
    links = {str(one.resolve().relative_to(ROOT)) for one in (ROOT / "src").rglob("*") if one.is_symlink()}
    assert links <= copied  # what the package is made of, and lies elsewhere
    assert all((ROOT / source).exists() for source in copied)
    assert all(any(source == one or source.startswith(f"{one}/") for one in let_in) for source in copied)


def test_the_image_runs_as_nobody_in_particular_from_locks_with_hashes() -> None:
    *_, last = [line for line in DOCKERFILE if line.startswith("USER ")]
    installs = [line for line in DOCKERFILE if "pip install" in line]
    assert last == "USER 10001:0"
    assert DOCKERFILE[-1] == "FROM gateway"
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
