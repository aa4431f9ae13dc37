"""Does anybody notice that passwords change all the time, and that the vault is sealed, killed and restarted?

The scenario of the fault bench, in a short form: a static credential of a real PostgreSQL and a record in a real
OpenBao, behind which a real nginx asks for Basic authentication.
"""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from benchmarks.faults.extent import Extent
from benchmarks.faults.play import play
from benchmarks.places import Cores

pytestmark = pytest.mark.integration


def test_no_request_fails_while_passwords_rotate_and_the_vault_comes_and_goes() -> None:
    if sys.platform != "linux" or shutil.which("taskset") is None:
        pytest.skip("needs Linux, and taskset of util-linux")
    allowed = sorted(os.sched_getaffinity(0))
    figures = play("rotate-while-loaded", Extent(quick=True), Cores(gateway=allowed[0], load=allowed[-1]))
    lacking = [figure.measured for figure in figures if figure.word == "skipped"]
    if lacking:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking[0])
    assert not [figure for figure in figures if figure.word == "missed"]
