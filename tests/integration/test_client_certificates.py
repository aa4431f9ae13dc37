"""Do client certificates work over real sockets, with a real event loop and the real openssl?"""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import warnings
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from structlog.testing import capture_logs
from tests.support.handshake import client_context, server_tls
from tests.support.pki import NOW, Files, expired, later, odd_client, openssl, root
from tests.support.tls_server import ask, serving

from ostiary.config.schema import ListenerTlsSpec
from ostiary.errors import ConfigError
from ostiary.listener.tls import compile_tls
from ostiary.model import Secret
from ostiary.pki import extensions
from ostiary.pki.authority import Authority
from ostiary.pki.files import pem, write_certificates, write_pkcs12
from ostiary.pki.keys import private_pem

pytestmark = pytest.mark.integration

# As a documentation of client certificates for an API tells its readers to do it, word for word.
RECIPE = """
export SUBJECT="/C=UK/ST=England/L=London/O=Any Org/CN=sftofluid-prod-mtls"
export PREFIX="sftofluid-prod"
openssl req -x509 -newkey rsa:4096 -keyout ./${PREFIX}-mtls-private-key-root-ca.key \\
    -out ./${PREFIX}-mtls-root-ca.pem -sha256 -days 3650 -nodes -subj "$SUBJECT"
export SUBJECT="/C=UK/ST=England/L=London/O=Any Org/OU=Any Org Engineering/CN=John-Doe"
export NAME="johndoe"
mkdir ./user-certificate
openssl genrsa -out ./user-certificate/$NAME.private.key 2048
openssl req -new -sha256 -key ./user-certificate/$NAME.private.key -subj "$SUBJECT" -out ./user-certificate/$NAME.csr
export VALIDITY=730
openssl x509 -req -CAcreateserial \\
    -in ./user-certificate/$NAME.csr \\
    -CA ./${PREFIX}-mtls-root-ca.pem \\
    -CAkey ./${PREFIX}-mtls-private-key-root-ca.key \\
    -out ./user-certificate/$NAME.crt \\
    -days ${VALIDITY} -sha256
rm ./user-certificate/$NAME.csr
"""
ROOT = "sftofluid-prod-mtls-root-ca.pem"
SUBJECT = "CN=John-Doe,OU=Any Org Engineering,O=Any Org,L=London,ST=England,C=UK"


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def loop(request):
    return request.param


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    """A folder in which somebody followed the recipe."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("recipe")
    done = subprocess.run(
        ["bash", "-euc", RECIPE], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def john(recipe: Path) -> ssl.SSLContext:
    context = client_context()
    context.load_cert_chain(recipe / "user-certificate/johndoe.crt", recipe / "user-certificate/johndoe.private.key")
    return context


def trusting(recipe: Path, folder: Path, profile: str):
    return server_tls(folder, mode="required", authorities=(f"file:{recipe / ROOT}",), profile=profile)


def answer(tls, loop, client: ssl.SSLContext) -> str:
    with serving(tls, loop) as port:
        return ask(port, client)


def refused(tls, loop, client: ssl.SSLContext) -> str:
    """The reason in the log of a handshake that was refused; the client hears no answer."""
    with capture_logs() as lines, serving(tls, loop) as port:
        assert ask(port, client) == "closed"
    (line,) = [line for line in lines if line["event"] == "client certificate refused in the handshake"]
    return line["reason"]


# --- the recipe ---------------------------------------------------------------------------------


def test_what_the_recipe_makes_is_accepted_by_compat(recipe, tmp_path, loop):
    said = answer(trusting(recipe, tmp_path, "compat"), loop, john(recipe))

    assert said == f"{SUBJECT} at localhost over TLSv1.3"


def test_the_recipes_authority_stops_a_strict_listener_and_says_what_to_do(recipe, tmp_path):
    with pytest.raises(
        ConfigError, match=r"CN=sftofluid-prod-mtls.* has no keyUsage; issue it anew, or use profile: compat"
    ):
        trusting(recipe, tmp_path, "strict")


def test_a_leaf_after_the_recipe_is_refused_by_strict_even_under_a_good_authority(tmp_path, loop):
    (tmp_path / "ca.key").write_bytes(private_pem(root().key))
    write_certificates(tmp_path / "ca.pem", [root().certificate])
    new = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "a.key", "-subj", "/CN=Any One", "-out", "a.csr")
    sign = ("x509", "-req", "-CAcreateserial", "-in", "a.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "a.crt")
    for arguments in (new, (*sign, "-days", "730", "-sha256")):
        done = openssl(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    client = client_context()
    client.load_cert_chain(tmp_path / "a.crt", tmp_path / "a.key")

    assert answer(server_tls(tmp_path, root()), loop, client) == "certificate.unsuitable"
    assert answer(server_tls(tmp_path, root(), profile="compat"), loop, client).startswith("CN=Any One at ")


def test_compat_still_verifies_the_signature(recipe, tmp_path, loop):
    assert refused(server_tls(tmp_path, root(), profile="compat"), loop, john(recipe)) == "certificate.untrusted"


def test_compat_still_looks_at_the_dates(tmp_path, loop):
    client = client_context(expired(root()), tmp_path)

    assert refused(server_tls(tmp_path, root(), profile="compat"), loop, client) == "certificate.expired"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_openssl_client_is_let_in(recipe, tmp_path, loop, version):
    with serving(trusting(recipe, tmp_path, "compat"), loop) as port:
        done = subprocess.run(
            [
                *(
                    "openssl",
                    "s_client",
                    "-connect",
                    f"127.0.0.1:{port}",
                    "-servername",
                    "localhost",
                    "-quiet",
                    version,
                ),
                *("-cert", "user-certificate/johndoe.crt", "-key", "user-certificate/johndoe.private.key"),
            ],
            input="GET / HTTP/1.1\r\n\r\n",
            cwd=recipe,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert f"{SUBJECT} at localhost" in done.stdout, done.stderr


def test_curl_is_let_in_as_the_recipe_calls_it(recipe, tmp_path, loop):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    write_certificates(tmp_path / "root.pem", [root().certificate])
    with serving(trusting(recipe, tmp_path, "compat"), loop) as port:
        done = subprocess.run(
            [
                *(curl, "-sS", f"https://localhost:{port}/", "--cacert", str(tmp_path / "root.pem"), "--noproxy", "*"),
                *("--cert", "user-certificate/johndoe.crt", "--key", "user-certificate/johndoe.private.key"),
                *("--resolve", f"localhost:{port}:127.0.0.1", "--max-time", "20"),
            ],
            cwd=recipe,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert done.stdout == f"{SUBJECT} at localhost over TLSv1.3", done.stderr


# --- refused in the handshake -------------------------------------------------------------------


def test_a_certificate_of_another_authority(tmp_path, loop):
    stranger = Authority.create("Test root").issue_client(cn="a")

    assert refused(server_tls(tmp_path, root()), loop, client_context(stranger, tmp_path)) == "certificate.untrusted"


def test_a_certificate_of_an_authority_that_the_system_trusts(tmp_path, loop, monkeypatch):
    public = Authority.create("Public CA")
    (tmp_path / "system.pem").write_bytes(pem([public.certificate]))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    client = client_context(public.issue_client(cn="a"), tmp_path)
    assert ssl.create_default_context().get_ca_certs(), "the system does trust it"

    assert refused(server_tls(tmp_path, root()), loop, client) == "certificate.untrusted"
    assert refused(server_tls(tmp_path, root(), mode="optional"), loop, client) == "certificate.untrusted"


def test_an_expired_certificate(tmp_path, loop):
    assert (
        refused(server_tls(tmp_path, root()), loop, client_context(expired(root()), tmp_path)) == "certificate.expired"
    )


def test_a_certificate_that_is_not_valid_yet(tmp_path, loop):
    client = client_context(later(root()), tmp_path)

    assert refused(server_tls(tmp_path, root()), loop, client) == "certificate.not-yet-valid"


def test_a_server_certificate(tmp_path, loop):
    client = client_context(root().issue_server("a.example"), tmp_path)

    assert refused(server_tls(tmp_path, root()), loop, client) == "certificate.unsuitable"


def test_a_name_that_its_authority_may_not_give(tmp_path, loop):
    bank = root().intermediate("bank", also=[(x509.NameConstraints([x509.DNSName("bank.example")], None), True)])
    good, bad = (client_context(bank.issue_client(dns=[name]), tmp_path) for name in ("a.bank.example", "a.example"))

    assert answer(server_tls(tmp_path, root()), loop, good).startswith(" at localhost")
    assert refused(server_tls(tmp_path, root()), loop, bad) == "certificate.unsuitable"


@pytest.mark.parametrize("who", ["leaf", "authority"])
def test_a_revoked_certificate(tmp_path, loop, who):
    top = Authority.create("top")
    issuing = top.intermediate("issuing")
    good, bad = issuing.issue_client(cn="good"), issuing.issue_client(cn="bad")
    if who == "leaf":
        issuing.revoke(bad.certificate)
    else:
        top.revoke(issuing.certificate)
    files = Files(tmp_path)
    crls = (files.crl(top.crl(), "top.crl"), files.crl(issuing.crl(), "issuing.crl"))
    tls = server_tls(tmp_path, top, issuing, revocation={"crls": crls})

    assert refused(tls, loop, client_context(bad, tmp_path)) == "certificate.revoked"
    if who == "leaf":
        assert answer(tls, loop, client_context(good, tmp_path)).startswith("CN=good at ")


def test_no_certificate_where_one_is_required(tmp_path, loop):
    assert refused(server_tls(tmp_path, root()), loop, client_context()) == "certificate.missing"


def test_tls_1_1(tmp_path, loop):
    client = client_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1

    assert answer(server_tls(tmp_path), loop, client) == "closed"
    assert answer(server_tls(tmp_path), loop, client_context()).startswith("nobody at ")


# --- refused by us, before the first request is looked at ---------------------------------------


def test_an_authority_is_not_a_client(tmp_path, loop):
    marks = [*extensions.authority(0)[:1], extensions.key_usage(digital_signature=True, certificates=True)]
    purpose = (x509.ExtendedKeyUsage([extensions.CLIENT]), False)
    client = client_context(odd_client(root(), [*marks, purpose]), tmp_path)

    assert answer(server_tls(tmp_path, root()), loop, client) == "certificate.unsuitable"


def test_a_chain_that_is_too_long(tmp_path, loop):
    deep = root().intermediate("one", path_length=1).intermediate("two").issue_client(cn="a")
    client = client_context(deep, tmp_path)

    assert answer(server_tls(tmp_path, root(), depth=3), loop, client).startswith("CN=a at ")
    assert answer(server_tls(tmp_path, root(), depth=2), loop, client) == "certificate.unsuitable"


def test_a_revoked_certificate_where_lists_are_soft(tmp_path, loop):
    top = Authority.create("top")
    bad = top.issue_client(cn="bad")
    top.revoke(bad.certificate)
    crl = Files(tmp_path).crl(top.crl(start=NOW - timedelta(days=9), days=1))
    tls = server_tls(tmp_path, top, revocation={"crls": (crl,), "mode": "soft"})

    assert answer(tls, loop, client_context(bad, tmp_path)) == "certificate.revoked"


# --- let in -------------------------------------------------------------------------------------


def test_no_certificate_where_it_is_optional(tmp_path, loop):
    assert answer(server_tls(tmp_path, root(), mode="optional"), loop, client_context()).startswith("nobody at ")


def test_a_server_whose_identity_is_a_pkcs12_store(tmp_path, loop, monkeypatch):
    monkeypatch.setenv("TEST_PASSWORD", "open sesame")
    write_pkcs12(tmp_path / "s.p12", root().intermediate("issuing").issue_server("localhost"), Secret("open sesame"))
    tls = compile_tls(ListenerTlsSpec(pkcs12="file:s.p12", password="env:TEST_PASSWORD"), tmp_path)
    verifying = ssl.create_default_context(cadata=root().certificate.public_bytes(Encoding.PEM).decode())

    assert answer(tls, loop, verifying) == "nobody at localhost over TLSv1.3"


def test_a_tls_1_2_client_that_comes_back_with_its_session(tmp_path, loop):
    """curl and Java do this; Python cannot forbid it."""
    client = client_context(root().issue_client(cn="a"), tmp_path)
    client.maximum_version = ssl.TLSVersion.TLSv1_2

    with serving(server_tls(tmp_path, root()), loop) as port:
        done = openssl(
            *(
                "s_client",
                "-connect",
                f"127.0.0.1:{port}",
                "-tls1_2",
                "-reconnect",
                "-cert",
                str(tmp_path / "shown.pem"),
            ),
        )
        assert ask(port, client) == "CN=a at localhost over TLSv1.2"

    assert done.stdout.count("Reused, TLSv1.2") == 5, done.stdout + done.stderr


# --- what the documentation says ----------------------------------------------------------------


def test_the_openssl_commands_of_the_readme_make_what_strict_accepts(tmp_path, loop):
    readme = (Path(__file__).parents[2] / "certs/README.md").read_text(encoding="utf-8")
    production = readme.partition("## For production")[2]
    script = "\n".join(line for line in production.splitlines() if line.startswith("    "))
    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    client = client_context()
    client.load_cert_chain(tmp_path / "john.pem", tmp_path / "john.key")
    (tmp_path / "any.pem").write_bytes((tmp_path / "ca.pem").read_bytes())

    tls = server_tls(tmp_path, mode="required", authorities=("file:any.pem",))

    assert answer(tls, loop, client).startswith("CN=John Doe,O=Any Org at ")
