"""Are the holes that others had, in proxies that ask and in what they ask, open here?

Each test is named after what was found. Those that speak of a proxy that cannot be run here send what it would.
"""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from tests.integration.proxies.test_attacks_through import ask, owned
from tests.support.neighbours import free_port
from tests.support.plugged import PROXIES
from tests.support.plugin import BASIC, World

from ostiary.cli.run import run
from ostiary.config.decisions import DecisionDialect

pytestmark = pytest.mark.integration


def test_cve_2026_40575_a_caller_who_names_another_uri_is_judged_by_his_own(made, proxy):
    """oauth2-proxy believed X-Forwarded-Uri of whoever sent it; and #3506: with no proxy named, everybody was one."""
    for name in ("X-Forwarded-Uri", "X-Original-Uri", "X-Original-Url", "X-Auth-Request-Redirect"):
        assert ask(made, proxy.port, "/accounts/1", f"{name}: /open/health").status == 401


@pytest.mark.parametrize("dialect", get_args(DecisionDialect))
def test_oauth2_proxy_3506_nobody_asks_who_was_not_named(made, dialect):
    """Its fix believed everybody while no proxy was named; here such a listener does not start."""
    file = made.folder / "everybody.yaml"
    open_to_all = f'{{bind: "0.0.0.0:{free_port()}", plaintext: accepted, decide: {dialect}}}'
    head, _, rest = made.file.read_text().partition("listeners:")
    file.write_text(f"{head}listeners: {{all: {open_to_all}}}\nissuers:{rest.partition('issuers:')[2]}")
    said = io.StringIO()
    with redirect_stdout(said):
        assert run(["check", str(file)]) != 0
    assert "C380" in said.getvalue()


def test_cve_2026_39858_an_underscore_is_no_hyphen(made, proxy):
    """Traefik stripped X-Forwarded-Uri and let X_Forwarded_Uri through to what folds the two."""
    said = ask(
        made, proxy.port, "/open/a", "X_Forwarded_Uri: /accounts/1", "X_Subject: admin", "X_Forwarded_For: 192.0.2.7"
    )
    assert said.status == 200
    assert owned(said) == {"x-subject": ["nobody"]}
    assert [name for name in said.seen if name.startswith(("x_", "x."))] == []
    assert ask(made, proxy.port, "/far", "X_Forwarded_For: 192.0.2.7").status == 403


def test_ghsa_6384_m2mw_rf54_a_prefix_of_the_caller_s_moves_nothing(made, proxy):
    """Traefik did not rebuild X-Forwarded-Prefix, and what it asked joined it to the path."""
    assert ask(made, proxy.port, "/accounts/1", "X-Forwarded-Prefix: /open").status == 401
    assert ask(made, proxy.port, "/open/a", "X-Forwarded-Prefix: /accounts").target == "/open/a"


def test_ghsa_6jwx_7vp4_9847_a_path_has_one_reading(made, proxy):
    """Traefik's StripPrefixRegex matched the decoded path and cut the raw one."""
    for target in (
        "/open%2faccounts/1",
        "/open/%2e%2e/accounts/1",
        "/open/..%2faccounts/1",
        "/open%2F..%2Faccounts%2F1",
    ):
        assert ask(made, proxy.port, target).status in (400, 404), target


def test_ghsa_7r4p_vjf4_gxv4_a_header_that_is_not_copied_is_not_the_caller_s(made, proxy):
    """Caddy 2.10 to 2.11.1 copied what was in the answer, and left what was not."""
    said = ask(made, proxy.port, "/open/a", "X-Roles: admin", "X-Subject: admin")
    assert owned(said) == {"x-subject": ["nobody"]}


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\x80"])
def test_cve_2024_23324_what_cannot_be_asked_is_not_allowed(made, proxy, value):
    """Envoy could not write octets that are no UTF-8 into a question by gRPC, and with failure_mode_allow let them pass."""
    sent = len(made.echo.heads)
    for shows in (b"", b"Authorization: Bearer " + made.tokens["expired"].encode() + b"\r\n"):
        head = b"GET /accounts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + shows
        assert made.ask(proxy.port, head + b"X-Odd: " + value + b"\r\n\r\n").status in (400, 401, 503)
    assert len(made.echo.heads) == sent


def test_cve_2024_23324_no_recipe_for_envoy_lets_pass_what_was_not_answered(made, fronts):
    for name in ("envoy-http", "envoy-grpc"):
        envoy = json.loads((fronts[name].home / "envoy.json").read_text())
        manager = envoy["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
        (asks, *_) = manager["http_filters"]
        assert asks["typed_config"]["failure_mode_allow"] is False
        assert asks["typed_config"]["status_on_error"] == {"code": "ServiceUnavailable"}


@pytest.mark.parametrize(
    "text", ["X-Roles; return 200", "X-Roles } location / {", "X-Roles\\n  satisfy any", "$http_x", "X Roles"]
)
def test_cve_2025_1974_no_text_of_a_policy_becomes_a_word_of_another_s_configuration(made, text):
    """Annotations of ingress-nginx were written into its configuration as they were."""
    whole, quoted = made.file.read_text(), json.dumps(text)
    in_a_header = whole.replace("name: X-Roles", f"name: {quoted}")
    in_an_upstream = whole.replace("upstreams:\n  old", f"upstreams:\n  {quoted}").replace(": old", f": {quoted}")
    file = made.folder / "nightmare.yaml"
    for name in PROXIES:
        file.write_text(whole)
        assert written(name, file)
        for hostile in (in_a_header, in_an_upstream):
            assert hostile != whole
            file.write_text(hostile)
            assert written(name, file) == ""


def written(name: str, file: Path) -> str:
    """What a recipe writes, or nothing when it is refused."""
    said = io.StringIO()
    places = ("--listen", "127.0.0.1:8443", "--certificate", "/etc/front.pem")
    with redirect_stdout(said):
        refused = run(["recipe", name, "--config", str(file), *places]) != 0
    return said.getvalue() if not refused else ""


def test_cve_2021_32777_two_credentials_are_two_however_they_are_joined(made, proxy):
    """Envoy showed ext_authz the last of several values, and the upstream all of them."""
    good, bad = made.tokens["good"], made.tokens["expired"]
    for lines in (
        (f"Authorization: Bearer {bad}", f"Authorization: Bearer {good}"),
        (f"Authorization: Bearer {good}", f"Authorization: Bearer {bad}"),
        (f"Authorization: Bearer {good},Bearer {bad}",),
        (f"Authorization: Bearer {good}", f"AUTHORIZATION: Bearer {good}"),
    ):
        assert ask(made, proxy.port, "/accounts/1", *lines).status in (400, 401)
    assert ask(made, proxy.port, "/key", "X-Api-Key: a", "X-Api-Key: b").status in (400, 401)


def test_ghsa_p224_6x5r_fjpm_a_path_that_climbs_is_refused(made, proxy):
    """Oathkeeper matched /public/../admin as public, and the upstream cleaned it."""
    for target in ("/open/../accounts/1", "/open/x/../../accounts/1", "/open/.%2e/accounts/1", "/open/..;/accounts/1"):
        assert ask(made, proxy.port, target).status == 400, target


@pytest.mark.parametrize("agent", ["GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "Envoy/HC", ""])
def test_ghsa_5hvv_m4w4_gf6v_nobody_is_let_in_for_a_user_agent(made, proxy, agent):
    """oauth2-proxy skipped authentication for the user agent of a health check."""
    assert ask(made, proxy.port, "/accounts/1", f"User-Agent: {agent}").status == 401


def replayed(made: World, name: str, lines: dict[str, str], target: str = "/decide") -> int:
    """Send what a proxy that cannot be run here is documented to send."""
    head = [
        f"GET {target} HTTP/1.1",
        "Host: ostiary",
        "Connection: close",
        *(f"{key}: {value}" for key, value in lines.items()),
    ]
    return made.plain(made.ports[name], ("\r\n".join([*head, "", ""])).encode()).status


FORWARDED = {
    "X-Forwarded-Method": "GET",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "localhost",
    "X-Forwarded-For": "127.0.0.1",
}
SHAPES = {
    "traefik": lambda target: (
        FORWARDED | {"X-Forwarded-Uri": target, "X-Forwarded-Port": "443", "X-Forwarded-Server": "t1"}
    ),
    "apisix": lambda target: FORWARDED | {"X-Forwarded-Uri": target},
    "ingress-nginx": lambda target: {
        "X-Original-URL": f"https://localhost{target}",
        "X-Original-Method": "GET",
        "X-Sent-From": "nginx-ingress-controller",
        "X-Real-IP": "127.0.0.1",
        "X-Forwarded-For": "127.0.0.1",
        "X-Auth-Request-Redirect": target,
    },
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_recorded_shape_has_the_same_verdicts(made, name):
    """Traefik, APISIX and ingress-nginx are not run: their asks are built from what they are documented to send."""
    shape = SHAPES[name]
    good = {"Authorization": f"Bearer {made.tokens['good']}"}
    assert replayed(made, name, shape("/open/a")) == 200
    assert replayed(made, name, shape("/accounts/1") | good) == 200
    assert replayed(made, name, shape("/accounts/1")) == 401
    assert replayed(made, name, shape("/tenant/a") | good) == 403
    assert replayed(made, name, shape("/nothing")) == 404
    assert replayed(made, name, shape("/open/../accounts/1")) == 400
    assert replayed(made, name, shape("/broken") | good) == 503


@pytest.mark.parametrize("name", SHAPES)
def test_a_recorded_shape_that_is_not_whole_is_no_ask(made, name):
    whole = SHAPES[name]("/open/a")
    needed = {
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Original-URL",
        "X-Original-Method",
        "X-Real-IP",
        "X-Sent-From",
    }
    for gone in needed & set(whole):
        assert replayed(made, name, {key: value for key, value in whole.items() if key != gone}) == 400


def test_a_token_passes_by_no_way_but_the_ask(made):
    """The answer itself holds the credential: it is where nobody but the proxy comes, and says that it is not to be kept."""
    head = FORWARDED | {"X-Forwarded-Uri": "/accounts/1", "Authorization": f"Bearer {made.tokens['good']}"}
    lines = [
        "GET /decide HTTP/1.1",
        "Host: o",
        "Connection: close",
        *(f"{key}: {value}" for key, value in head.items()),
    ]
    said = made.plain(made.ports["traefik"], ("\r\n".join([*lines, "", ""])).encode())
    assert said.all("authorization") == [BASIC]
    assert said.all("cache-control") == ["no-store"]
    assert urlsplit(f"//127.0.0.1:{made.ports['traefik']}").hostname == "127.0.0.1"
