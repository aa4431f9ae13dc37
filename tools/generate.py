"""Write the files that are made from the code, or check that they are in step with it.

.venv/bin/python tools/generate.py           # write them
.venv/bin/python tools/generate.py --check   # exit 1 when one is not what it would be
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

from ostiary.admin.reference import metrics_page
from ostiary.cli.reasons import CAUSES
from ostiary.config.codes import CODES
from ostiary.config.jsonschema import json_schema
from ostiary.config.load import load
from ostiary.config.reference import reference
from ostiary.pki.diagnosis.codes import CODES as FINDINGS
from ostiary.reasons import Reason

ROOT = Path(__file__).resolve().parent.parent

ERRORS = """\
# Errors

This page is generated from the code (`make generate`); `ostiary help C204` and `ostiary help token.expired` say
the same.

- [Codes](#codes) are what `ostiary check` and a refused start say of a configuration file: C1xx shape, C2xx
  references, C3xx meaning, C4xx safety (warnings), C5xx files and environment.
- [Reasons](#reasons) are why a request ended as it did. They stand in the log, the metrics and the problem
  documents; the caller reads the public sentence only.
- [Findings](#findings) are what `ostiary doctor` says of certificates.
"""


def errors() -> str:
    """Return the page of codes and reasons."""
    lines = [ERRORS, "## Codes", ""]
    for code in CODES.values():
        lines += [f"### {code.name}: {code.title}", "", code.text, "", "```text", *_example("wrong", code.wrong)]
        lines += [*_example("right", code.right), "```", ""]
    lines += ["## Reasons", ""]
    for reason in Reason:
        cause, remedy = CAUSES[reason]
        lines += [f"### {reason}", "", f"{cause} {remedy}", "", f'The caller is told: "{reason.public}"', ""]
    lines += ["## Findings", "", "| code | group | severity | |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.group} | {one.severity} | {one.text} |" for one in FINDINGS.values()]
    lines.append("")
    return "\n".join(lines)


def _example(word: str, text: str) -> list[str]:
    return [f"{word}:", *(f"  {line}" for line in text.split("\n"))]


def schema() -> str:
    """Return the JSON Schema as it is committed."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def dashboard() -> str:
    """Return the Grafana dashboard."""
    made: str = runpy.run_path(str(ROOT / "deploy/grafana/dashboard.py"))["dashboard"]()
    return made


def metrics() -> str:
    """Return the page of metrics."""
    return metrics_page(load(ROOT / "config/demo.yaml"))


def attacks() -> str:
    """Return the page of attacks."""
    made: str = runpy.run_path(str(ROOT / "tools/attacks.py"))["attacks_page"]()
    return made


def messages() -> str:
    """Return the module of the messages with which Envoy asks by gRPC."""
    made: str = runpy.run_path(str(ROOT / "tools/messages.py"))["module"]()
    return made


PAGES: dict[str, Callable[[], str]] = {
    "config/schema.json": schema,
    "docs/configuration.md": reference,
    "docs/errors.md": errors,
    "docs/metrics.md": metrics,
    "docs/attacks.md": attacks,
    "src/ostiary/edge/decide/grpc/descriptors.py": messages,
    "deploy/grafana/ostiary.json": dashboard,
}


def _beside() -> dict[str, Callable[[], str]]:
    """Return what is installed beside the program: manual pages, completions."""
    made: dict[str, str] = runpy.run_path(str(ROOT / "tools/manual.py"))["pages"]()
    return {f"share/{name}": lambda text=text: text for name, text in made.items()}


def main() -> int:
    """Write or check every page. Return the exit code."""
    PAGES.update(_beside())
    stale = [name for name, page in PAGES.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != page()]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{name} is not in step with the code: `make generate` writes it")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(PAGES[name]())
        print(f"{name} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
