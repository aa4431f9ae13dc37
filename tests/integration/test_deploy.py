"""Do the dashboard and the alerts ask for what a gateway tells?"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from tests.support.admin import administered, value
from tests.support.gateway_process import ostiary

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES = YAML(typ="safe").load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((DEPLOY / "grafana/ostiary.json").read_text())["panels"]
ASKED = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
METRIC = re.compile(r"\b((?:ostiary|http|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
BY = re.compile(r"\bby \(([^)]*)\)")
OURS_TO_SET = {"job", "instance", "le"}
"""Labels that Prometheus, or its histograms, bring along."""


def plain(expression: str) -> str:
    """A query without what only Grafana understands."""
    return expression.replace("$__rate_interval", "5m").replace('"$job"', '".+"')


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is needed (Debian: prometheus)")
    return found


def judged(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_every_query_of_the_dashboard_can_be_read(promtool, tmp_path):
    rules = [{"record": f"asked:{number}", "expr": plain(one)} for number, one in enumerate(ASKED)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    result = judged(promtool, "check", "rules", file)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(ASKED)} rules found" in result.stdout


def test_every_alert_can_be_read_rings_and_keeps_quiet(promtool):
    result = judged(promtool, "check", "rules", DEPLOY / "prometheus/alerts.yml")
    assert result.returncode == 0, result.stdout + result.stderr
    result = judged(promtool, "test", "rules", DEPLOY / "prometheus/alerts.test.yml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_has_its_case():
    cases = YAML(typ="safe").load((DEPLOY / "prometheus/alerts.test.yml").read_text())["tests"]
    assert {case["name"] for case in cases} == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_page_that_names_it(rule):
    assert rule["alert"] in (ROOT / rule["annotations"]["runbook"]).read_text()


@pytest.mark.integration
async def test_a_gateway_tells_every_metric_and_label_that_is_asked_for(tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")
    nobody = 'shared: {redis: {url: "redis://127.0.0.1:1"}, key: "file:shared.key"}'
    (tmp_path / "shared.key").write_text("a key of at least sixteen octets")
    (tmp_path / "shared.key").chmod(0o600)
    more = ("audit: {path: audit.jsonl}", "keys: {identity: {type: local, vault: local}}", nobody)
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", *more) as gateway:
        await ostiary("keys", "generate", "identity", "--days", "90", "--config", gateway.world.file)
        await gateway.call("/both/a", token=gateway.token())
        await gateway.call("/both/a", token=gateway.token(life=-60.0))
        await gateway.call("/down", token=gateway.token())
        await gateway.call(
            "/both/a", "--http2", "-X", "POST", "-H", "Content-Type: application/grpc", token=gateway.token()
        )
        too_large = ("-H", "X-Large: " + "x" * 40_000)
        await gateway.call("/both/a", *too_large)
        await gateway.call("/both/a", "--tls-max", "1.2", "--ciphers", "AES128-SHA", shown=False)
        async with asyncio.timeout(15):  # it takes the key up by itself
            while not value(await gateway.metrics(), "ostiary_signing_key_usable", key="identity"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.2)
        text = (await gateway.look("/metrics")).content.read_text()
    told = _told(text)
    missing = [(name, label) for name, labels in _wanted() for label in labels if label not in told.get(name, ())]
    assert missing == []
    assert {name for name, _ in _wanted()} <= set(told)


def _told(text: str) -> dict[str, set[str]]:
    """The labels of each metric that has a sample."""
    told: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"([a-z_]+)(?:\{(.*)\})? ", line):
            told.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return told


def _wanted() -> list[tuple[str, set[str]]]:
    """Each metric that is asked for, with the labels it is asked by."""
    wanted = []
    for expression in [*ASKED, *(rule["expr"] for rule in RULES)]:
        grouped = {label.strip() for labels in BY.findall(expression) for label in labels.split(",")}
        for name, selectors in METRIC.findall(BY.sub("", expression)):
            chosen = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selectors))
            wanted.append((name, (chosen | grouped) - OURS_TO_SET))
    return wanted
