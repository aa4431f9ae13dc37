"""What does `ostiary explain` say, and is it what happens?"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.tokens import NOW, Clock, Signer, certificate, good_claims, key_set

from ostiary.build import compile_gateway
from ostiary.cli.explain.request import Asked, asked_of, from_curl, from_har
from ostiary.cli.run import run
from ostiary.config.load import load
from ostiary.edge.head import read_head
from ostiary.errors import GatewayError
from ostiary.explain.noting import Withheld
from ostiary.explain.question import Unreadable
from ostiary.explain.walk import Explainer
from ostiary.jwks import Issuer
from ostiary.jwks.source import Document
from ostiary.jwks.store import Copy
from ostiary.model import Headers, Peer, Record
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates
from ostiary.reasons import Reason

BANK = Signer("bank")
FILE = """\
version: 1
state: state
listeners: {public: {bind: 127.0.0.1:8443}}
issuers:
  bank: {issuer: "https://id.example.com/realms/bank", jwks_url: "https://id.example.com/jwks", audiences: [legacy-accounts]}
vaults:
  local: {type: local, path: vault.db, master_key: env:OSTIARY_MASTER_KEY}
credentials:
  accounts: {vault: local}
  keys: {vault: local}
upstreams:
  accounts: {endpoints: [http://127.0.0.1:9]}
routes:
  - name: read
    match: {host: api.example.com, path: /accounts/**, methods: [GET, HEAD]}
    authenticate:
      all:
        - mtls: {subject: cn, allow: [alice]}
        - jwt: {issuers: [bank], bound: when-present}
    authorize:
      - tenant: t1
      - scopes: {any: [read]}
      - subject: bob
        mode: shadow
    inject:
      - basic: {credential: accounts}
      - header: {name: X-Subject, value: "{principal.subject}"}
    upstream: accounts
  - name: write
    match: {host: api.example.com, path: /accounts/*/items, methods: [POST]}
    authenticate: {jwt: {issuers: [bank], bound: required}}
    authorize:
      - permissions: {accounts: {all: [manage]}}
    upstream: accounts
  - name: open
    match: {path: /open/**}
    authenticate:
      any:
        - jwt: {issuers: [bank]}
        - anonymous: {}
    authorize:
      - source: [10.0.0.0/8]
    upstream: accounts
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "gateway.yaml").write_text(FILE)
    return tmp_path


def remember(place: Path, document: bytes = key_set(BANK)) -> None:
    """Leave a key set on disk, as a gateway that ran before would have."""
    issuer = next(
        part for part in compile_gateway(load(place / "gateway.yaml"), sources=NONE).parts if isinstance(part, Issuer)
    )
    assert issuer._store is not None
    issuer._store.save(Copy(Document(document), issuer._wall()))


NONE = {alias: Withheld(alias) for alias in ("accounts", "keys")}
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(place: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def explain(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = run(["explain", *arguments, "-c", str(place / "gateway.yaml"), "--json", "--at", "2027-01-15T08:00:00Z"])
        return code, json.loads(capsys.readouterr().out)

    return explain


@pytest.fixture
def token(place: Path) -> Path:
    (place / "token").write_bytes(BANK.token(good_claims(tenantId="t1", scope="read")))
    return place / "token"


@pytest.fixture
def client(place: Path) -> Path:
    issued = Authority.create("CA").issue_client(cn="alice", days=3650)
    write_certificates(place / "client.pem", [issued.certificate])
    return place / "client.pem"


URL = "https://api.example.com/accounts/1"


def test_every_step_is_said_with_its_line(place: Path, ask: Ask, token: Path, client: Path) -> None:
    remember(place)
    code, told = ask("GET", URL, "--token", str(token), "--cert", str(client))
    assert (code, told["verdict"], told["route"]) == (0, "allow", "read")
    assert [(one["step"], one["what"], one["verdict"]) for one in told["steps"]] == [
        ("route", "write", "pass"),
        ("route", "open", "pass"),
        ("route", "read", "yes"),
        ("authenticate", "mtls", "yes"),
        ("authenticate", "jwt", "yes"),
        ("authorize", "tenant", "yes"),
        ("authorize", "scopes", "yes"),
        ("authorize", "subject", "pass"),
        ("inject", "basic", "unknown"),
        ("inject", "header", "yes"),
        ("forward", "accounts", "yes"),
    ]
    assert told["steps"][4]["text"] == "'alice' of bank (jwt, tenant t1), key bank of a key set 0 s old"
    lines = FILE.splitlines()
    for one in told["steps"]:
        if one["step"] in ("authenticate", "authorize"):
            line = int(one["where"].removeprefix("gateway.yaml:"))
            assert one["what"] in lines[line - 1]


def test_no_token_and_no_claim_is_said(place: Path, ask: Ask, token: Path, client: Path) -> None:
    remember(place)
    _, told = ask(URL, "--token", str(token), "--cert", str(client))
    assert token.read_text() not in json.dumps(told)
    assert token.read_text().split(".")[2] not in json.dumps(told)
    assert "claims" not in told["principal"]
    _, told = ask(URL, "--token", str(token), "--cert", str(client), "--claims")
    assert told["principal"]["claims"]["tenantId"] == "t1"


def test_without_keys_nobody_knows_and_nothing_is_guessed(ask: Ask, token: Path, client: Path) -> None:
    code, told = ask(URL, "--token", str(token), "--cert", str(client))
    assert (code, told["verdict"], told["reason"]) == (3, "unknown", "keys.unavailable")


def test_people_are_told_how_it_could_be_known(
    place: Path, token: Path, client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", URL, "-c", str(place / "gateway.yaml"), "--token", str(token), "--cert", str(client)]) == 3
    assert "to know: --online" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["https://api.example.com/nowhere"], 404, "route.not-found"),
        (["DELETE", URL], 405, "method.not-allowed"),
        (["https://api.example.com/accounts/../x"], 400, "path.ambiguous"),
        ([URL], 401, "certificate.missing"),
        (["POST", f"{URL}/items"], 401, "token.missing"),
        (["https://other.example.com/open/x"], 403, "source.not-allowed"),
        (["https://other.example.com/open/x", "-H", "Authorization: Bearer nonsense"], 401, "token.malformed"),
    ],
)
def test_a_refusal_has_its_status_its_reason_and_what_would_help(
    arguments: list[str], status: int, reason: str, ask: Ask
) -> None:
    code, told = ask(*arguments)
    assert (code, told["verdict"], told["status"], told["reason"]) == (0, "deny", status, reason)
    assert told["to_allow"]


def test_where_no_route_matches_the_nearest_is_said(ask: Ask) -> None:
    _, told = ask("https://api.example.com/acounts/1")
    (last,) = [one for one in told["steps"] if one["verdict"] == "no"]
    assert "the nearest is read: api.example.com/accounts/**" in last["text"]


def test_another_day_is_judged_as_that_day(place: Path, token: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(place)
    arguments = [
        "explain",
        "https://x.example/open/a",
        "--token",
        str(token),
        "-c",
        str(place / "gateway.yaml"),
        "--json",
    ]
    for at, reason in (("2027-01-15T08:00:00Z", "source.not-allowed"), ("2027-02-15T08:00:00Z", "token.expired")):
        run([*arguments, "--at", at])
        assert json.loads(capsys.readouterr().out)["reason"] == reason
    run([*arguments, "--at", "2027-01-15T08:00:00Z", "--source", "10.1.1.1"])
    assert json.loads(capsys.readouterr().out)["verdict"] == "allow"


def test_an_expectation_that_is_not_met_is_a_no(ask: Ask) -> None:
    assert ask(URL, "--expect", "401")[0] == 0
    assert ask(URL, "--expect", "deny")[0] == 0
    assert ask(URL, "--expect", "allow")[0] == 1
    assert ask(URL, "--expect", "403")[0] == 1


def test_people_read_a_tree_with_lines_and_what_to_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", URL, "-c", str(place / "gateway.yaml")]) == 0
    out = capsys.readouterr().out
    assert "--  authenticate  mtls" in out
    assert "(gateway.yaml:18)" in out
    assert "401 certificate.missing" in out
    assert "to allow: " in out


# --- requests that were -------------------------------------------------------------------------


def test_a_request_of_the_log_is_explained_by_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written_to = (tmp_path / "raw").open("wb")
    log = AccessLog(written_to.fileno())
    told = Record(route="read", reason=Reason.TOKEN_EXPIRED, detail="exp has passed")
    facts = {"method": "GET", "target": b"/accounts/1?secret", "host": "api.example.com", "address": "10.0.0.1"}

    async def happened() -> None:
        for number, name in enumerate(("first", "abc", "last")):
            log.write(Ended(told, id=name, status=401, now=float(number), **facts))
        log.flush()

    asyncio.run(happened())
    written_to.close()
    (tmp_path / "log").write_text("not ours abc\n" + (tmp_path / "raw").read_text())
    assert run(["explain", "--request-id", "abc", "--log", str(tmp_path / "log")]) == 0
    out = capsys.readouterr().out
    assert "detail    exp has passed" in out
    assert "401 token.expired" in out
    assert "to allow: " in out
    assert "secret" not in out
    assert run(["explain", "--request-id", "abc", "--log", str(tmp_path / "log"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["request"]["route"] == "read"
    assert run(["explain", "--request-id", "nobody", "--log", str(tmp_path / "log")]) == 3
    assert run(["explain", "--request-id", "abc"]) == 2


# --- where requests come from ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "method", "target"),
    [
        ("curl https://a.example/open/../admin", "GET", "/admin"),
        ("curl https://a.example/../../admin/./x/..", "GET", "/admin/"),
        ("curl --path-as-is https://a.example/open/../admin", "GET", "/open/../admin"),
        ("curl https://a.example/open/%2e%2e/admin", "GET", "/open/%2e%2e/admin"),
        ("curl https://a.example/a?next=/../b", "GET", "/a?next=/../b"),
        ("curl -G -d a=1 -d b=2 https://a.example/x", "GET", "/x?a=1&b=2"),
        ("curl --get --data-raw b=2 https://a.example/x?a=1", "GET", "/x?a=1&b=2"),
        ("curl https://a.example?a=1", "GET", "/?a=1"),
    ],
)
def test_what_is_explained_is_what_curl_sends(command: str, method: str, target: str) -> None:
    asked = Asked()
    from_curl(command, asked)
    assert (asked.method or "GET", asked.target()[2]) == (method, target)


@pytest.mark.parametrize(
    ("words", "method", "url"),
    [
        (["https://a.example/"], None, "https://a.example/"),
        (["PROPFIND", "https://a.example/"], "PROPFIND", "https://a.example/"),
        (["get", "https://a.example/"], "GET", "https://a.example/"),
    ],
)
def test_any_method_may_be_asked_about(words: list[str], method: str | None, url: str) -> None:
    asked = asked_of(words, [])
    assert (asked.method, asked.url) == (method, url)


@pytest.mark.parametrize(
    "words", [["https://a.example/", "https://b.example/"], ["GET"], ["https://[::1/"], ["G ET", "https://a/"]]
)
def test_what_is_no_request_line_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *words]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("typed", "sent"), [("caf\udce9", "caf\xe9"), ("caf\xe9", "caf\xc3\xa9")])
def test_octets_are_asked_about_as_they_were_typed(typed: str, sent: str) -> None:
    """An argument that is not UTF-8 stays what it is; a text is UTF-8."""
    question = asked_of([f"https://a.example/{typed}"], [f"X: {typed}"]).question("127.0.0.1", None)
    assert question.target == f"/{sent}"
    assert ("X", sent) in question.fields


def test_a_curl_command_as_it_was_pasted() -> None:
    asked = Asked()
    from_curl(
        "curl -sS -X PUT 'https://api.example.com/a?b=c' \\\n -H 'Authorization: Bearer x' -HAccept:*/* --cert me.pem:pw "
        "--data-raw '{}' -o /dev/null --compressed -u alice:secret -kI",
        asked,
    )
    assert (asked.method, asked.url, asked.certificate) == ("HEAD", "https://api.example.com/a?b=c", Path("me.pem"))
    assert [name for name, _ in asked.headers] == ["Authorization", "Accept", "Authorization"]
    assert asked.target() == ("https", "api.example.com", "/a?b=c")
    posted = Asked()
    from_curl("curl -d x=1 localhost:8443/form", posted)
    assert (posted.method, *posted.target()) == ("POST", "https", "localhost:8443", "/form")
    for wrong in ("wget x", "curl 'x", ""):
        with pytest.raises(Unreadable):
            from_curl(wrong, Asked())


def test_a_har_file_as_a_browser_saves_it() -> None:
    request = {
        "method": "GET",
        "url": "https://a.example/x",
        "headers": [{"name": ":path", "value": "/x"}, {"name": "A", "value": "b"}],
    }
    text = json.dumps({"log": {"entries": [{"request": {}}, {"request": request}]}})
    asked = Asked()
    from_har(text, 1, asked)
    assert (asked.method, asked.url, asked.headers) == ("GET", "https://a.example/x", [("A", "b")])
    for entry in (0, 2):
        with pytest.raises(Unreadable):
            from_har(text, entry, Asked())


def test_what_is_no_request_is_wrong_usage(ask: Ask) -> None:
    for arguments in (["ftp://x/y"], [URL, "-H", "nonsense"], ["--curl", "wget x"], ["GET", "POST", URL]):
        assert ask(*arguments)[0] == 2


# --- and it is what happens --------------------------------------------------------------------


class Sink:
    """Where requests that may go on end."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def prepare(self, request: Any, permit: Any) -> Any:
        return self._inner.prepare(request, permit)

    async def forward(self, outbound: Any, body: Any, answer: Any) -> None:
        pass


def requests(number: int) -> Iterator[dict[str, Any]]:
    """Requests of every kind, good and bad, from a seed."""
    chance = random.Random(7)
    claims = [
        good_claims(tenantId=tenant, scope=scope, permissions=held, **more)
        for tenant in ("t1", "t2", None, 5)
        for scope in ("read", "", None)
        for held in ({"accounts": ["manage"]}, {"accounts": "manage"}, None)
        for more in ({}, {"exp": NOW - 99}, {"aud": "x"}, {"cnf": {"x5t#S256": certificate().thumbprint}})
    ]
    tokens = [BANK.token(one) for one in claims]
    tokens += [tokens[0][:-4] + b"AAAA", b"opaque", b"a.b.c", BANK.token(kid="unknown"), Signer("bank").token(), b""]
    paths = [b"/accounts/1", b"/accounts/1/items", b"/open/x", b"/nowhere", b"/accounts/../x", b"/open/%2e%2e/x", b"x"]
    for _ in range(number):
        fields = [(b"Host", chance.choice([b"api.example.com", b"other.example.com", b"a b"]))]
        for _ in range(chance.choice([0, 1, 1, 1, 2])):
            scheme = chance.choice([b"Bearer ", b"Bearer ", b"Bearer ", b"bearer ", b"Basic ", b"Bearer"])
            fields.append((b"Authorization", scheme + chance.choice(tokens)))
        shown = chance.choice([None, certificate(), certificate(b"another")])
        yield {
            "method": chance.choice(["GET", "HEAD", "POST", "DELETE", "CONNECT"]),
            "target": chance.choice(paths),
            "headers": Headers.of(fields),
            "peer": Peer(chance.choice(["127.0.0.1", "10.0.0.1"]), shown),
            "scheme": "https",
        }


async def test_ten_thousand_requests_are_explained_as_they_are_judged(place: Path) -> None:
    remember(place)
    loaded = load(place / "gateway.yaml")
    clock = Clock(NOW)
    live, twin = (compile_gateway(loaded, clock=clock, sources=NONE) for _ in range(2))
    explainer = Explainer(loaded, twin)
    explainer.stay_offline()
    Explainer(loaded, live).stay_offline()
    for name in ("read", "write", "open"):
        _drain(live, name)
    differences = []
    seen: set[str] = set()
    with capture_logs():
        for asked in requests(10_000):
            happened = await _live(live, asked)
            told = await explainer.explain(**asked)
            said = (told.route, told.status if told.status is not None else 503, str(told.reason))
            seen.add(said[2])
            if said != happened:
                differences.append((asked, happened, said))
    assert differences == []
    assert len(seen) >= 15, seen


def _drain(gateway: Any, name: str) -> None:
    """Let requests of a route end before its upstream, and before credentials that are withheld."""
    for node in gateway._routes._hosts.values():
        for route in _routes(node):
            if route.name == name:
                object.__setattr__(route.pipeline, "upstream", Sink(route.pipeline.upstream))
                object.__setattr__(route.pipeline, "injectors", ())


def _routes(node: Any) -> Iterator[Any]:
    for found in (node.here, node.rest):
        yield from (found or {}).values()
    for child in [*node.literal.values(), *([node.star] if node.star else [])]:
        yield from _routes(child)


async def _live(gateway: Any, asked: dict[str, Any]) -> tuple[str | None, int, str]:
    record = Record()
    try:
        request = read_head(id="x", body=None, record=record, **asked)  # type: ignore[arg-type]
        await gateway.handle(request, None)
    except GatewayError as error:
        return record.route, error.status, str(error.reason)
    return record.route, 0, "allowed"


def test_nothing_is_fetched(place: Path, ask: Ask, token: Path, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: Any, **__: Any) -> Any:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", no)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", no)
    ask(URL, "--token", str(token), "--cert", str(client))


# --- to allow ----------------------------------------------------------------------------------

GOOD = {"tenantId": "t1", "scope": "read"}
HELP: list[tuple[str, dict[str, Any], str]] = [
    # reason, what is wrong with the request, a word of the advice
    ("route.not-found", {"url": "https://api.example.com/acounts/1"}, "match"),
    ("method.not-allowed", {"method": "DELETE"}, "method"),
    ("host.invalid", {"fields": [("Host", "a b")]}, "Host"),
    ("path.ambiguous", {"url": "https://api.example.com/accounts/x/../1"}, "plain form"),
    ("certificate.missing", {"cert": None}, "certificate"),
    ("certificate.name-not-allowed", {"cert": "mallory"}, "allow"),
    ("token.missing", {"token": None}, "Bearer"),
    ("token.malformed", {"raw": "nonsense"}, "token"),
    ("token.expired", {"claims": {"exp": NOW - 60}}, "new"),
    ("token.not-yet-valid", {"claims": {"nbf": NOW + 600}}, "clock"),
    ("token.audience-mismatch", {"claims": {"aud": "other"}}, "audience"),
    ("token.issuer-unknown", {"claims": {"iss": "https://other.example"}}, "issuer"),
    ("token.signature-invalid", {"forged": True}, "key"),
    ("token.algorithm-not-allowed", {"header": {"alg": "HS256"}}, "algorithms"),
    ("token.not-bound-to-certificate", {"claims": {"cnf": {"x5t#S256": "A" * 43}}}, "certificate"),
    ("tenant.mismatch", {"claims": {"tenantId": "t2"}}, "tenant"),
    ("tenant.missing", {"claims": {"tenantId": None}}, "tenant"),
    ("scope.missing", {"claims": {"scope": "write"}}, "scope"),
]


@pytest.mark.parametrize(("reason", "wrong", "word"), HELP, ids=[one[0] for one in HELP])
def test_what_would_help_is_said_and_helps(
    reason: str, wrong: dict[str, Any], word: str, place: Path, ask: Ask
) -> None:
    remember(place)
    authority = Authority.create("CA")
    for name in ("alice", "mallory"):
        write_certificates(place / f"{name}.pem", [authority.issue_client(cn=name, days=3650).certificate])
    code, told = ask(*written(place, **wrong))
    assert (code, told["verdict"], told["reason"]) == (0, "deny", reason)
    assert word.lower() in told["to_allow"].lower(), told["to_allow"]
    code, told = ask(*written(place))  # the advice was followed
    assert (code, told["verdict"]) == (0, "allow")


def written(
    place: Path,
    *,
    method: str = "GET",
    url: str = URL,
    cert: str | None = "alice",
    token: str | None = "",
    raw: str = "",
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    forged: bool = False,
    fields: list[tuple[str, str]] | None = None,
) -> list[str]:
    """The arguments for a request that is right but for what is changed."""
    signer = Signer("bank") if forged else BANK
    all_claims = good_claims(**GOOD) | (claims or {})
    made = raw.encode() or signer.token(
        {name: value for name, value in all_claims.items() if value is not None}, **(header or {})
    )
    (place / "made").write_bytes(made)
    arguments = [method, url]
    arguments += ["--token", str(place / "made")] if token is not None else []
    arguments += ["--cert", str(place / f"{cert}.pem")] if cert else []
    for name, value in fields or []:
        arguments += ["-H", f"{name}: {value}"]
    return arguments
