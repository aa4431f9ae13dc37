"""Does h2spec, an independent judge of HTTP/2 servers, agree that the gateway speaks it by the book?

h2spec (`go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible`) is in no package index that we use.
CI builds it; where that fails this is skipped, in CI as well, which is why it has no mark.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest
from tests.support.edges import world
from tests.support.gateway_process import gateway_process

CLOSED = """    match: {host: localhost, path: /token/**, methods: [GET, HEAD, POST]}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: [permissions: {accounts: {any: [read]}}]
"""
OPEN = """    match: {host: localhost, path: /token/**}
    authenticate: {anonymous: {subject: h2spec}}
    authorize: anyone
"""


async def test_h2spec_finds_nothing_wrong(tmp_path: Path) -> None:
    judge = shutil.which("h2spec")
    if judge is None:
        pytest.skip("h2spec is not installed")
    async with world(tmp_path) as there:
        text = there.file.read_text()
        assert CLOSED in text
        there.file.write_text(text.replace(CLOSED, OPEN))
        async with gateway_process(there.file) as gateway:
            process = await asyncio.create_subprocess_exec(
                *(judge, "-t", "-k", "-S", "-h", "localhost", "-p", str(gateway.port), "-P", "/token/1", "-o", "5"),
                stdout=PIPE,
                stderr=STDOUT,
            )
            said, _ = await asyncio.wait_for(process.communicate(), 300)
    [summary] = re.findall(r"^\d+ tests, .*$", said.decode(), re.MULTILINE)
    assert summary.endswith(", 0 failed"), said.decode()
    assert int(summary.split()[2]) > 100
