"""Do the vendors' own programs accept what the suite of vaults is run against?

A double that only we understand proves nothing. Their clients are large, so they are installed beside the
tests (`.ci/run` does it) and run as processes of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.vaults.cloud import Gcp
from tests.support.vaults.cyberark import Conjur

from ostiary.config.vaults import AgeVaultSpec
from ostiary.vault.age import compile_age
from ostiary.vault.errors import AccessDenied
from ostiary.vault.gcp.answer import crc32c

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # their wheels are for one Python
VENDORS = Path(__file__).parent.parent.parent / ".tools" / f"vendors-{PYTHON}"


def vendor(package: str, program: str, *arguments: str) -> Any:
    """Run a program with a vendor's client, and return what it prints, as JSON."""
    if not (VENDORS / package).exists():
        pytest.skip(f"{package} is not there: `.ci/run` installs it into {VENDORS.name}")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(VENDORS), "HOME": str(VENDORS)}
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


CONJUR = """
import asyncio, json, sys
from conjur_api.client import Client
from conjur_api.models import ConjurConnectionInfo, CredentialsData, SslVerificationMode
from conjur_api.providers import AuthnAuthenticationStrategy, SimpleCredentialsProvider

async def main(url, account, login, key):
    store = SimpleCredentialsProvider()
    store.save(CredentialsData(username=login, api_key=key, machine=url))
    info = ConjurConnectionInfo(conjur_url=url, account=account)
    client = Client(info, authn_strategy=AuthnAuthenticationStrategy(store), ssl_verification_mode=SslVerificationMode.INSECURE)
    both = await client.get_many("legacy/crm/username", "legacy/crm/password")
    one, first = await client.get("legacy/crm/password"), await client.get("legacy/crm/password", 1)
    print(json.dumps([both, one.decode(), first.decode()]))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.distant
def test_cyberark_s_own_client_accepts_the_double_of_conjur(tmp_path: Path):
    server = Conjur(tmp_path)
    server.put("crm", "svc", "old")
    server.put("crm", "svc", "new")
    try:
        assert server.front is not None
        said = vendor("conjur_api", CONJUR, server.front.address, server.account, "host/gateway", server.key)
    finally:
        server.close()
    assert said == [{"legacy/crm/username": "svc", "legacy/crm/password": "new"}, "new", "old"]


GOOGLE = """
import json, sys
from google.auth.credentials import Credentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.rest import SecretManagerServiceRestTransport

class Given(Credentials):
    def refresh(self, request):
        pass

credentials = Given()
credentials.token = "gcp-token"
transport = SecretManagerServiceRestTransport(host=sys.argv[1], credentials=credentials, url_scheme="http")
client = SecretManagerServiceClient(transport=transport)
found = []
for version in ("latest", "1"):
    answer = client.access_secret_version(name=f"projects/project-1/secrets/crm/versions/{version}")
    found.append([answer.name, answer.payload.data.decode(), answer.payload.data_crc32c])
try:
    client.access_secret_version(name="projects/project-1/secrets/absent/versions/latest")
except Exception as error:
    found.append(type(error).__name__)
print(json.dumps(found))
"""


@pytest.mark.distant
def test_google_s_own_client_accepts_the_double_of_secret_manager(tmp_path: Path):
    server = Gcp(tmp_path)
    server.put("crm", "svc", "old")
    server.put("crm", "svc", "new")
    try:
        assert server.front is not None
        latest, first, absent = vendor("google", GOOGLE, server.front.address.removeprefix("http://"))
    finally:
        server.close()
    assert latest[0] == "projects/project-1/secrets/crm/versions/2"
    assert [json.loads(latest[1])["secret"], json.loads(first[1])["secret"]] == ["new", "old"]
    assert latest[2] == crc32c(latest[1].encode())
    assert absent == "NotFound"


def run(*command: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(command, input=given, check=True, capture_output=True, timeout=60).stdout


@pytest.mark.integration
@pytest.mark.parametrize("armor", [(), ("--armor",)], ids=["binary", "armor"])
async def test_a_file_that_the_age_program_has_written_is_read(tmp_path: Path, armor: tuple[str, ...]):
    if shutil.which("age") is None or shutil.which("age-keygen") is None:
        pytest.skip("age is not installed")
    run("age-keygen", "-o", tmp_path / "identity")
    recipient = run("age-keygen", "-y", tmp_path / "identity").decode().strip()
    records = b"crm: {id: svc, secret: 'p\xc3\xa4ss'}\n"
    sealed = tmp_path / "secrets.age"
    run("age", "-r", recipient, *armor, "-o", sealed, given=records)
    provider = compile_age(AgeVaultSpec(type="age", path="secrets.age", identity="file:identity"), tmp_path)
    found = await provider.fetch("crm", None)
    assert {name: value.reveal().decode() for name, value in found.fields.items()} == {"id": "svc", "secret": "päss"}
    sealed.unlink()
    stranger = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    run("age", "-r", stranger, *armor, "-o", sealed, given=records)
    with pytest.raises(AccessDenied):
        await provider.fetch("crm", None)
