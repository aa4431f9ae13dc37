"""Is a file that another process has read the same as one that was read here?"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.config.load import examine
from ostiary.config.reading.child_process import Reading, examine_apart
from ostiary.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path for folder in ("config", "tests/config") for path in (ROOT / folder).rglob("*.yaml"))

SMALL = """
version: 1
listeners: {public: {bind: "127.0.0.1:8080"}}
upstreams: {one: {endpoints: ["http://127.0.0.1:9000"]}}
routes:
  - name: all
    match: {path: /**}
    authenticate: {anonymous: {}}
    authorize: anyone
    upstream: one
"""


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_what_was_read_is_lost_on_the_way(file: Path) -> None:
    here = examine(file, now=0.0, environ={})
    assert pickle.loads(pickle.dumps(here, pickle.HIGHEST_PROTOCOL)) == here


def test_what_is_right_is_served_as_it_was_read(tmp_path: Path) -> None:
    file, overlay = tmp_path / "gateway.yaml", tmp_path / "over.yaml"
    file.write_text(SMALL)
    overlay.write_text("drain_timeout: 7s\n")
    loaded = examine_apart(file, [overlay]).sound()
    assert loaded == examine(file, [overlay]).sound()
    assert (loaded.spec.drain_timeout, loaded.overlays) == (7, (overlay,))


def test_what_is_wrong_is_told_in_the_same_words(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(SMALL.replace("upstream: one", "upstream: eno"))
    apart = examine_apart(file)
    assert apart.loaded is None
    assert [problem.code for problem in apart.problems] == ["C220", "C203"]
    assert apart == examine(file)


def test_a_file_that_is_not_there_is_a_mistake_like_others(tmp_path: Path) -> None:
    assert [problem.code for problem in examine_apart(tmp_path / "nowhere.yaml").problems] == ["C512"]


def test_a_name_that_looks_like_an_option_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("--help").write_text(SMALL)
    assert examine_apart(Path("--help")).loaded is not None


def test_a_process_that_ends_before_it_has_read_anything_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ConfigError, match="the process that reads it ended with 1"):
        Reading(tmp_path / "gateway.yaml").examined()


def test_where_no_process_is_to_be_had_there_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="no process can be started to read it: No such file"):
        Reading(tmp_path / "gateway.yaml")


def test_whoever_is_handed_what_was_read_has_no_validators(tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(SMALL)
    said = """
import sys
from pathlib import Path
from ostiary.config.reading.child_process import examine_apart
from ostiary.config.schema import GatewaySpec

assert examine_apart(Path(sys.argv[1])).sound().spec.routes[0].name == "all"
assert not GatewaySpec.__pydantic_complete__
assert not {"ruamel.yaml", "ostiary.config.load", "ostiary.config.check"} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", said, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_imported_from_the_folder_that_it_is_read_in(tmp_path: Path, monkeypatch) -> None:
    """Whoever may write there would be the gateway otherwise."""
    file = tmp_path / "gateway.yaml"
    file.write_text(SMALL)
    for name in ("pickle", "ostiary", "signal"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from here')")
    monkeypatch.chdir(tmp_path)
    assert examine_apart(file).loaded is not None
