"""What does `ostiary issuer check` say of an issuer?"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.support.certificates import certificate_of, public_pem
from tests.support.providers import PROVIDERS, Double
from tests.support.tokens import NOW, Signer, good_claims, key_set

from ostiary.cli.run import run

ONE = Signer("one")
FILE = """\
version: 1
listeners: {{public: {{bind: 127.0.0.1:8443}}}}
issuers:
  bank: {block}
upstreams: {{accounts: {{endpoints: [http://127.0.0.1:9000]}}}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    upstream: accounts
"""


class Web:
    """A server in a thread: the command has a loop of its own."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, fields = outer.answers.get(self.path, (404, b"", {}))
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(body)), **fields}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def web() -> Iterator[Web]:
    running = Web()
    thread = threading.Thread(target=running.server.serve_forever, daemon=True)
    thread.start()
    running.answers["/jwks"] = (200, key_set(ONE), {"Cache-Control": "max-age=300"})
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


Check = Callable[..., tuple[int, list[dict[str, str]]]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    def ask(block: dict[str, Any], *arguments: str) -> tuple[int, list[dict[str, str]]]:
        (tmp_path / "gateway.yaml").write_text(FILE.format(block=json.dumps(block)))
        code = run(["issuer", "check", "bank", "-c", str(tmp_path / "gateway.yaml"), "--json", *arguments])
        document = json.loads(capsys.readouterr().out)
        return code, document.get("steps", [document.get("error", {})])

    return ask


def bank(web: Web, **changes: Any) -> dict[str, Any]:
    block = {
        "issuer": web.url,
        "jwks_url": f"{web.url}/jwks",
        "audiences": ["legacy-accounts"],
        "algorithms": ["ES256"],
    }
    return {name: value for name, value in {**block, **changes}.items() if value is not None}


def verdicts(steps: list[dict[str, str]]) -> dict[str, str]:
    return {step["step"]: step["verdict"] for step in steps}


def test_a_sound_issuer_is_a_yes_with_every_step(web: Web, check: Check) -> None:
    code, steps = check(bank(web))
    assert code == 0
    assert set(verdicts(steps).values()) == {"yes"}
    assert [step["step"] for step in steps] == ["configured", "connection", "key set", "document", "key"]
    assert "fresh for 300 s" in steps[3]["text"]
    assert steps[4]["text"] == "one: ES256"


def test_discovery_is_a_step_and_another_issuer_s_metadata_ends_it(web: Web, check: Check) -> None:
    metadata = {"issuer": web.url, "jwks_uri": f"{web.url}/jwks"}
    where = "/.well-known/openid-configuration"
    web.answers[where] = (200, json.dumps(metadata).encode(), {})
    code, steps = check(bank(web, jwks_url=None))
    assert code == 0
    assert steps[2]["text"] == f"{web.url}/jwks"
    web.answers[where] = (200, json.dumps({**metadata, "issuer": web.url + "/"}).encode(), {})
    code, steps = check(bank(web, jwks_url=None))
    assert code == 1
    assert "metadata's issuer" in steps[-1]["text"]
    assert "to the letter" in steps[-1]["help"]


def test_bad_members_and_idle_algorithms_are_to_be_looked_at(web: Web, check: Check) -> None:
    web.answers["/jwks"] = (200, key_set(ONE, Signer("weak", "RS256", bits=1024)), {})
    code, steps = check(bank(web, algorithms=["ES256", "RS256"]))
    assert code == 0
    assert [step["text"] for step in steps if step["verdict"] == "look"] == [
        "weak is left out: its modulus has 1024 bits, not 2048 to 8192",
        "RS256 accepted, and no key is for it",
    ]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((404, b"", {}), "404"),
        ((302, b"", {"Location": "/elsewhere"}), "302"),
        ((200, b"<html>", {}), "octets"),
        ((200, b'{"keys":[]}', {}), "no key to verify with"),
    ],
)
def test_what_is_wrong_is_a_no(answer: Any, says: str, web: Web, check: Check) -> None:
    web.answers["/jwks"] = answer
    code, steps = check(bank(web))
    assert code == 1
    assert says in steps[-1]["text"]


def test_nobody_there_cannot_be_found_out(web: Web, check: Check) -> None:
    code, steps = check(bank(web, jwks_url="http://127.0.0.1:9/jwks"))
    assert code == 3
    assert steps[-1]["verdict"] == "unknown"


def test_a_clock_that_is_wrong_is_noticed(web: Web, check: Check) -> None:
    web.answers["/jwks"] = (200, key_set(ONE), {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"})
    code, steps = check(bank(web))
    assert code == 1
    assert "ahead of the issuer's" in steps[-1]["text"]


def test_a_token_is_judged_beside_it_and_never_shown(web: Web, check: Check, tmp_path: Path) -> None:
    now = time.time()
    for claims, verdict, says in (
        ({"iat": now, "exp": now + 60}, "yes", "accepted: 'alice' of bank"),
        ({"iat": NOW - 10**9, "exp": NOW - 10**9 + 60}, "no", "token.expired"),
        ({"aud": "other", "exp": now + 60, "iat": now}, "no", "token.audience-mismatch"),
    ):
        token = ONE.token(good_claims(iss=web.url, **claims))
        (tmp_path / "token").write_bytes(token + b"\n")
        code, steps = check(bank(web), "--token", str(tmp_path / "token"))
        assert (code, steps[-1]["verdict"]) == (0 if verdict == "yes" else 1, verdict)
        assert says in steps[-1]["text"]
        assert token.decode() not in repr(steps)


def test_an_issuer_that_is_not_there_is_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.yaml").write_text(FILE.format(block='{issuer: "https://a.example", audiences: [a]}'))
    assert run(["issuer", "check", "bnak", "-c", str(tmp_path / "g.yaml")]) == 1
    assert "did you mean `bank`?" in capsys.readouterr().err


def test_a_preset_that_lacks_something_is_told_with_its_code(check: Check) -> None:
    code, (error,) = check({"preset": "firebase"})
    assert code == 1
    assert error["code"] == "C331"


def test_people_get_lines(web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.yaml").write_text(FILE.format(block=json.dumps(bank(web))))
    assert run(["issuer", "check", "bank", "-c", str(tmp_path / "g.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok    configured  iss http://127.0.0.1")
    assert lines[-1] == "ok    key         one: ES256"


# --- wherever keys come from --------------------------------------------------------------------

RSA = Signer("two", "RS256")
CERTIFICATE = certificate_of(ONE)


PLACES: dict[str, tuple[str, str, str]] = {
    # where it is named, where it lies, what it says; a file lies on disk
    "a key set by url": ("jwks_url", "/keys", key_set(ONE, RSA).decode()),
    "certificates by url": ("certificates_url", "/keys", CERTIFICATE),
    "a map of certificates by url": ("certificates_url", "/keys", json.dumps({"one": CERTIFICATE})),
    "a key set in a file": ("jwks_file", "keys", key_set(ONE).decode()),
    "public keys in a file": ("jwks_file", "keys", public_pem(ONE) + public_pem(RSA)),
    "certificates in a file": ("jwks_file", "keys", CERTIFICATE),
    "a map of certificates in a file": ("jwks_file", "keys", json.dumps({"one": CERTIFICATE})),
}


@pytest.mark.parametrize("kind", PLACES)
def test_every_place_that_keys_come_from_can_be_looked_at(kind: str, web: Web, check: Check, tmp_path: Path) -> None:
    named, place, said = PLACES[kind]
    web.answers[place] = (200, said.encode(), {})
    (tmp_path / "keys").write_text(said)
    where = "file:keys" if named == "jwks_file" else f"{web.url}{place}"
    block = bank(web, algorithms=["ES256", "RS256"], **{"jwks_url": None, named: where})
    code, steps = check(block)
    assert code == 0, steps
    assert any("ES256" in step["text"] for step in steps if step["step"] == "key")
    web.answers[place] = (200, b"<html>", {})
    (tmp_path / "keys").write_text("<html>")
    code, steps = check(block)
    assert (code, steps[-1]["verdict"]) == (1, "no"), steps


def test_metadata_of_an_authorization_server_can_be_looked_at(web: Web, check: Check) -> None:
    metadata = {"issuer": f"{web.url}/bank", "jwks_uri": f"{web.url}/jwks"}
    web.answers["/.well-known/oauth-authorization-server/bank"] = (200, json.dumps(metadata).encode(), {})
    code, steps = check(bank(web, issuer=f"{web.url}/bank", jwks_url=None, discovery="oauth"))
    assert code == 0, steps
    assert steps[2]["text"] == f"{web.url}/jwks"


@pytest.mark.parametrize("double", PROVIDERS, ids=lambda one: one.preset)
def test_every_preset_can_be_looked_at_and_a_token_of_its_provider_judged(
    double: Double, web: Web, check: Check, tmp_path: Path
) -> None:
    web.answers["/keys"] = (200, json.dumps(double.document()).encode(), {})
    block = {"preset": double.preset, **double.block, double.place: f"{web.url}/keys"}
    now = int(time.time())
    (tmp_path / "token").write_bytes(double.token(iat=now - 10, exp=now + 600, **_since(double, now)))
    code, steps = check(block, "--token", str(tmp_path / "token"))
    assert verdicts(steps)["token"] == "yes", steps
    assert code == 0, steps
    (tmp_path / "token").write_bytes(double.token(iat=now - 900, exp=now - 600, **_since(double, now - 900)))
    code, steps = check(block, "--token", str(tmp_path / "token"))
    assert (code, verdicts(steps)["token"]) == (1, "no")


def _since(double: Double, then: int) -> dict[str, int]:
    """Claims of a provider's own that are times."""
    return {name: then - 10 for name in ("nbf", "auth_time") if name in double.claims}
