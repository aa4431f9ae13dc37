"""Is our double of Axinom's identity service one that the vendor's own client accepts?

The package @axinom/mosaic-id-link-be is proprietary: whoever wants to run this installs it, and says where in
OSTIARY_MOSAIC_CLIENT (a folder with `node_modules`). It is skipped otherwise, and nothing of it is kept here.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest
from tests.support.mosaic import CLIENT, SECRET, TOKEN, mosaic

pytestmark = pytest.mark.distant

PROGRAM = """
const link = require('@axinom/mosaic-id-link-be');
const [url, id, secret] = process.argv.slice(2);
const permissions = [{ key: 'read', title: 'Read' }, { key: 'manage', title: 'Manage' }];
link.getServiceAccountToken(url, id, secret)
  .then((token) => link.synchronizePermissions(url, token.accessToken, 'films', { permissions })
    .then((told) => console.log(JSON.stringify({ token, told }))))
  .catch((error) => { console.log(JSON.stringify({ error: String(error.message) })); process.exit(1); });
"""


async def ask(folder: str, *arguments: str) -> dict[str, object]:
    program = Path(folder) / "ask.cjs"
    program.write_text(PROGRAM)
    process = await asyncio.create_subprocess_exec(
        "node", str(program), *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert out, err.decode()
    answer: dict[str, object] = json.loads(out)
    return answer


async def test_the_vendor_s_client_is_let_in_and_told_what_was_done() -> None:
    folder = os.environ.get("OSTIARY_MOSAIC_CLIENT")
    if not folder or shutil.which("node") is None:
        pytest.skip("OSTIARY_MOSAIC_CLIENT does not say where @axinom/mosaic-id-link-be is installed")
    async with mosaic() as service:
        answer = await ask(folder, service.url, CLIENT, SECRET)
        assert answer == {
            "token": {"accessToken": TOKEN, "tokenType": "Bearer", "expiresInSeconds": 3600},
            "told": {"permissionsStored": ["manage", "read"], "permissionsRemoved": []},
        }
        assert service.permissions == {"films": {"read": "Read", "manage": "Manage"}}
        assert "error" in await ask(folder, service.url, CLIENT, "wrong")
