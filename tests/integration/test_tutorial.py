"""Does every command of the tutorial do what stands below it?"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.neighbours import free_port
from tests.support.reader import PORTS, Reader, commands

pytestmark = pytest.mark.integration

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial.md"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    reader = Reader(tmp_path, {usual: str(free_port()) for usual in PORTS})
    yield reader
    for process in reader.running:
        process.send_signal(signal.SIGTERM)
    for process in reader.running:
        process.wait(timeout=30)


def test_whoever_types_it_sees_it(reader: Reader) -> None:
    typed = commands(PAGE.read_text())
    assert len(typed) > 15
    for command, wanted in typed:
        said = reader.sees(reader.moved(command), wanted)
        assert all(line in said for line in wanted), (command, said)
        if command.startswith("ostiary init"):
            made = reader.folder / "first/gateway.yaml"
            made.write_text(reader.moved(made.read_text()))
    assert [process.poll() for process in reader.running] == [None, None]  # refusals were refusals, not absence
