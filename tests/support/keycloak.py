"""A real Keycloak on loopback, with TLS, client certificates and one realm.

The distribution is the Maven artifact org.keycloak:keycloak-quarkus-dist; Maven fetches it once, into the user's
cache. Without Java, without Maven, or where it cannot be had, the tests are skipped, loudly.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import zipfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.oidc_provider import free_port

from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity, write_pkcs12

VERSION = "26.7.2"
HOME = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ostiary" / f"keycloak-{VERSION}"
PATIENCE = 180.0
SECRET, WORD = "known to this test only", "changeit"


def distribution() -> Path:
    """Return where Keycloak is, after fetching it if need be; or skip."""
    if shutil.which("java") is None:
        pytest.skip("Keycloak needs Java")
    if not (HOME / "bin" / "kc.sh").exists():
        _fetch()
    return HOME


def _fetch() -> None:
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("Keycloak comes by Maven, which is not installed")
    HOME.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(maven, "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"),
        *(f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip", f"-DoutputDirectory={HOME.parent}"),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"Keycloak cannot be fetched: {type(error).__name__}")
    archive = HOME.parent / f"keycloak-quarkus-dist-{VERSION}.zip"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(HOME.parent)
    archive.unlink()
    for script in (HOME / "bin").glob("*.sh"):
        script.chmod(0o755)


def every_lookup(folder: Path) -> Path:
    """Return a provider by which each request names the look-up that reads its certificate; compiled, or skipped."""
    compiler = shutil.which("javac")
    if compiler is None:
        pytest.skip("a JDK is needed to choose among Keycloak's look-ups")
    source = Path(__file__).parent / "keycloak-lookup" / "EveryLookup.java"
    classes = folder / "classes"
    command = [compiler, "-cp", f"{distribution()}/lib/lib/main/*", "-d", str(classes), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    made = folder / "every-lookup.jar"
    with zipfile.ZipFile(made, "w") as jar:
        for file in classes.rglob("*.class"):
            jar.write(file, file.relative_to(classes))
        jar.writestr(
            "META-INF/services/org.keycloak.services.x509.X509ClientCertificateLookupFactory",
            "ostiary.test.EveryLookup",
        )
    return made


def realm() -> dict[str, Any]:
    """A realm with a client that has a secret, one that has a certificate, to which its tokens are bound, and a gateway."""
    machine = {
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "protocolMappers": [
            {
                "name": "audience",
                "protocol": "openid-connect",
                "protocolMapper": "oidc-audience-mapper",
                "config": {"included.custom.audience": "accounts", "access.token.claim": "true"},
            },
            {
                "name": "exchanged by",
                "protocol": "openid-connect",
                "protocolMapper": "oidc-audience-mapper",
                "config": {"included.client.audience": "gateway", "access.token.claim": "true"},
            },
        ],
    }
    bound = {
        "x509.subjectdn": "CN=bank-client",
        "x509.allow.regex.pattern.comparison": "false",
        "tls.client.certificate.bound.access.tokens": "true",
    }
    exchanging = {"standard.token.exchange.enabled": "true"}
    return {
        "realm": "bank",
        "enabled": True,
        "sslRequired": "none",
        "clients": [
            {**machine, "clientId": "robot", "secret": SECRET},
            {**machine, "clientId": "gateway", "secret": SECRET, "attributes": exchanging},
            {**machine, "clientId": "bound", "clientAuthenticatorType": "client-x509", "attributes": bound},
        ],
    }


class Keycloak:
    """The server, while it runs.

    Attributes:
        folder: authorities (ca.pem) and the client's identity (client.pem, client.key).
        issuer: the realm's.
        authority: what issues the certificates of this server and of its callers.
        client, other: certificates of the authority.
        options: of the server, beside the usual ones; to be set before it starts.
        providers: jars of extensions; the same.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.issuer = f"https://localhost:{self.port}/realms/bank"
        self.options: dict[str, str] = {}
        self.providers: tuple[Path, ...] = ()
        self._process: Process | None = None
        self.authority = authority = Authority.create("CA")
        client = authority.issue_client(cn="bank-client")
        self.client, self.other = client.certificate, authority.issue_client(cn="another").certificate
        write_certificates(folder / "ca.pem", [authority.certificate])
        write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
        write_identity(folder / "client.pem", folder / "client.key", client)
        write_pkcs12(folder / "server.p12", authority.issue_server("localhost"), Secret(WORD.encode()))

    async def start(self) -> None:
        home = distribution()
        data = self.folder / "keycloak"
        shutil.copytree(home, data, symlinks=True)  # it builds itself, in place
        for jar in self.providers:
            shutil.copy(jar, data / "providers")
        (data / "data" / "import").mkdir(parents=True, exist_ok=True)
        (data / "data" / "import" / "bank.json").write_text(json.dumps(realm()))
        options = {
            "http-enabled": "false",
            "https-port": str(self.port),
            "hostname": "localhost",
            "https-certificate-file": str(self.folder / "server.pem"),
            "https-certificate-key-file": str(self.folder / "server.key"),
            "https-client-auth": "request",
            "truststore-paths": str(self.folder / "ca.pem"),
            "https-trust-store-file": str(self.folder / "trust.p12"),
            "https-trust-store-password": WORD,
            "cache": "local",
            **self.options,
        }
        self._trust()
        words = [f"--{name}={value}" for name, value in options.items()]
        around = {**os.environ, "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m"}
        log = (self.folder / "keycloak.log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            str(data / "bin" / "kc.sh"), "start-dev", "--import-realm", *words,
            stdin=DEVNULL, stdout=log, stderr=log, env=around, start_new_session=True,
        )  # fmt: skip
        log.close()
        await self._answers()

    def _trust(self) -> None:
        command = ["keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", str(self.folder / "ca.pem")]
        command += ["-keystore", str(self.folder / "trust.p12"), "-storetype", "PKCS12", "-storepass", WORD]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    async def _answers(self) -> None:
        async with asyncio.timeout(PATIENCE), self.http() as client:
            while True:
                assert self._process is not None
                if self._process.returncode is not None:
                    pytest.fail((self.folder / "keycloak.log").read_text()[-2000:])
                try:
                    if (await client.get(f"{self.issuer}/protocol/openid-connect/certs")).status_code == 200:
                        return
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(0.5)

    def http(self) -> httpx2.AsyncClient:
        tls = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        tls.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        return httpx2.AsyncClient(verify=tls, trust_env=False, timeout=20)

    async def token(self, client: str, *, field: str = "access_token", **form: str) -> bytes:
        given = {"grant_type": "client_credentials", "client_id": client, **form}
        if client == "robot":
            given["client_secret"] = SECRET
        async with self.http() as http:
            answer = await http.post(f"{self.issuer}/protocol/openid-connect/token", data=given)
        assert answer.status_code == 200, answer.text
        return str(answer.json()[field]).encode()

    async def stop(self) -> None:
        """End it, and the Java that its script has become."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 20)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


@asynccontextmanager
async def keycloak(folder: Path, *providers: Path, **options: str) -> AsyncIterator[Keycloak]:
    """Run it for as long as the block lasts; `options` beside the usual ones, with `_` for `-`."""
    distribution()
    server = Keycloak(folder)
    server.providers = providers
    server.options = {name.replace("_", "-"): value for name, value in options.items()}
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
