"""Is a recipe whole, and does nothing of the policy get into it that means something there?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ostiary.config.decisions import DecisionDialect
from ostiary.config.schema import GatewaySpec
from ostiary.recipes import RECIPES, Plan, Unsafe
from ostiary.recipes.lint import findings
from ostiary.recipes.plan import Front, plan, spellings
from ostiary.recipes.safe import address, header, path, word

FRONT = Front("127.0.0.1:443", "/etc/ssl/front.pem")
OWNED = (b"Authorization", b"X-Subject", b"SM_USER")
BY_GRPC = ("envoy-grpc", "gateway-api-grpc", "istio-grpc")
JSON = ("envoy-http", "traefik", "ingress-nginx", "gateway-api", "istio", *BY_GRPC)


def spec(dialect: DecisionDialect, **changed: object) -> GatewaySpec:
    client = {} if dialect == "apisix" else {"client": {"mode": "optional", "authorities": ["file:ca.pem"]}}
    return GatewaySpec.model_validate(
        {
            "version": 1,
            "listeners": {"edge": {"bind": "127.0.0.1:9000", "decide": {"dialect": dialect, **client}}},
            "upstreams": {"old": {"endpoints": ["http://10.0.0.5:9000"], **changed}},
            "routes": [
                {
                    "name": "all",
                    "match": {"path": "/**"},
                    "authenticate": {"anonymous": {}},
                    "authorize": "anyone",
                    "upstream": "old",
                }
            ],
        }
    )


def made(name: str, owned: tuple[bytes, ...] = OWNED, **changed: object) -> str:
    dialect, write = RECIPES[name]
    return write(planned(dialect, owned, **changed))


def planned(dialect: DecisionDialect, owned: tuple[bytes, ...] = OWNED, **changed: object) -> Plan:
    return plan(
        spec(dialect, **changed),
        "edge",
        owned=owned,
        evidence=[b"x-api-key"],
        file=Path("/etc/ostiary/gateway.yaml"),
        front=FRONT,
        beside="/etc/haproxy/ostiary.lua",
    )


@pytest.mark.parametrize("name", [one for one in RECIPES if one not in BY_GRPC])
def test_every_recipe_names_every_header_that_the_policy_owns(name):
    text = made(name).lower()
    for one in OWNED:
        assert one.decode().lower() in text or one.decode().lower().replace("_", "-") in text


@pytest.mark.parametrize(
    "name",
    [
        one
        for one in RECIPES
        if one not in ("haproxy-lua", "envoy-http", "istio", "gateway-api", "apisix", "ingress-nginx", *BY_GRPC)
    ],
)
def test_what_callers_may_not_say_is_taken_away(name):
    text = made(name).lower().replace("[^a-z0-9]", "-").replace("(", "")
    for one in ("x-original-ur", "client-cert", "forwarded"):
        assert one in text


def test_what_asks_by_grpc_tells_every_header_as_it_came_and_does_nothing_by_itself():
    """The answer says what goes and what is written: the recipe names no header, and is the same for every policy."""
    text = made("envoy-grpc")
    assert text == made("envoy-grpc", (b"X-Other",))
    (listener,) = json.loads(text)["static_resources"]["listeners"]
    asks, router = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    assert router["name"] == "router"
    told = asks["typed_config"]
    assert (told["encode_raw_headers"], told["include_peer_certificate"]) == (True, True)
    assert "allowed_headers" not in told
    assert (told["failure_mode_allow"], told["status_on_error"]) == (False, {"code": "ServiceUnavailable"})


@pytest.mark.parametrize("name", BY_GRPC)
def test_what_asks_by_grpc_closes_when_it_has_no_answer(name):
    text = made(name)
    whole = json.loads(text if text.startswith("{") else text.partition("\n")[2])
    if name == "istio-grpc":
        (provider,) = whole["meshConfig"]["extensionProviders"]
        told = provider["envoyExtAuthzGrpc"]
        assert (told["port"], told["failOpen"], told["timeout"]) == (9000, False, "1.5s")
    elif name == "gateway-api-grpc":
        (rule,) = whole["spec"]["rules"]
        auth = rule["filters"][0]["externalAuth"]
        assert (auth["protocol"], auth["backendRef"]["port"], auth["grpc"]) == ("GRPC", 9000, {})
    assert 'failure_mode_allow": true' not in text


@pytest.mark.parametrize("name", JSON)
def test_documents_are_json_below_their_first_line(name):
    text = made(name)
    assert json.loads(text if text.startswith("{") else text.partition("\n")[2])


@pytest.mark.parametrize(
    "name", [b"X-A;b", b"X-A b", b"X-{a}", b"X-$host", b"X-A\nB", b'X-"', b"X-'", b"X-`id`", b"X-%5b", b"X-#"]
)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_header_name_that_means_something_elsewhere_is_refused(recipe, name):
    """Annotations that became directives were IngressNightmare (CVE-2025-1974)."""
    with pytest.raises(Unsafe):
        made(recipe, (name,))


@pytest.mark.parametrize(
    "text", ["a b", "a;", "a{", "$a", "a\n", "../a b", 'a"', "a'", "", "-a", "`a`", "a#b", "a\\b", "%(a)s"]
)
def test_nothing_but_plain_text_is_written(text):
    for check in (word, header, address):
        with pytest.raises(Unsafe):
            check(text)
    if text != "-a":
        with pytest.raises(Unsafe):
            path(text)


def test_what_a_proxy_has_no_words_for_is_refused():
    with pytest.raises(Unsafe, match="endpoints with TLS and without"):
        made("nginx", endpoints=["http://10.0.0.5:9000", "https://10.0.0.6:9000"])
    with pytest.raises(Unsafe, match="one endpoint"):
        made("nginx", endpoints=["http://10.0.0.5:9000", "http://10.0.0.6:9000"], host="endpoint")
    with pytest.raises(Unsafe, match="in one file"):
        made("nginx", endpoints=["https://10.0.0.5:9000"], tls={"trusted": ["file:a.pem", "file:b.pem"]})
    with pytest.raises(Unsafe, match="no variable"):
        made("nginx", (b"X.Subject",))


@pytest.mark.parametrize("name", ["nginx", "haproxy", "caddy", "apache", "envoy-http"])
def test_the_upstream_s_tls_is_verified(name):
    text = made(name, endpoints=["https://legacy.example:9000"], tls={"trusted": ["file:partner.pem"]})
    assert "/etc/ostiary/partner.pem" in text


def test_spellings_are_those_that_somebody_cannot_tell_apart():
    assert set(spellings(["X-A"])) == {"X_A", "X.A"}
    assert set(spellings(["SM_USER"])) == {"SM-USER", "SM.USER"}
    assert len(set(spellings(["A-B-C-D"]))) == 26
    assert set(spellings(["A-B-C-D-E"])) == {"A_B_C_D_E", "A.B.C.D.E"}
    assert "X_B" not in set(spellings(["X-B", "X_B"]))


# --- looking at a file of nginx --------------------------------------------------------------

ASK = """
location = /_x {
  internal;
  proxy_pass http://o/decide;
  proxy_set_header X-Forwarded-Method $request_method;
  proxy_set_header X-Forwarded-Uri $request_uri;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-For $remote_addr;
}
"""
GOOD = "auth_request /_x; proxy_pass http://up; proxy_set_header Authorization $a;"


def lint(*places: str, server: str = "", ask: str = ASK) -> list[str]:
    return [one.text for one in findings(f"http {{ server {{ {server}\n {ask} {' '.join(places)} }} }}")]


def test_a_recipe_has_nothing_to_be_found():
    assert findings(made("nginx")) == []
    assert lint(f"location / {{ {GOOD} }}") == []


@pytest.mark.parametrize(("place", "word"), [
    ("location / { auth_request /_x; return 200 'secret'; }", "`return` runs before"),
    (f"location / {{ {GOOD} rewrite ^/a /b break; }}", "`rewrite` runs before"),
    (f"location / {{ {GOOD} satisfy any; allow 10.0.0.0/8; }}", "`satisfy any`"),
    (f"location / {{ {GOOD} if ($a) {{ return 200 x; }} }}", "`return` runs before"),
    (f"location / {{ {GOOD} }} location /b {{ proxy_pass http://up; }}", "without a question"),
    (f"location / {{ {GOOD} }} location /b {{ {GOOD} auth_request off; }}", "without a question"),
    ("location / { auth_request /_x; proxy_pass http://up; }", "Authorization` is missing"),
    ("location / { auth_request /_x; proxy_pass http://up/b; proxy_set_header Authorization $a; }", "with a path"),
    (f"location / {{ {GOOD} proxy_set_header X-Subject $upstream_http_x_subject; }}", "auth_request_set"),
])  # fmt: skip
def test_a_way_around_the_answer_is_found(place, word):
    assert any(word in text for text in lint(place)), lint(place)


@pytest.mark.parametrize(("change", "word"), [
    (("internal;", ""), "without `internal`"),
    (("$request_uri", "$uri"), "has to be $request_uri"),
    (("proxy_set_header X-Forwarded-Uri $request_uri;", ""), "X-Forwarded-Uri $request_uri` is missing"),
    (("internal;", "internal; proxy_cache zone;"), "`proxy_cache`"),
    (("internal;", "internal; proxy_ignore_headers Cache-Control;"), "no-store"),
])  # fmt: skip
def test_a_question_that_is_put_wrongly_is_found(change, word):
    told = lint(f"location / {{ {GOOD} }}", ask=ASK.replace(*change))
    assert any(word in text for text in told), told


def test_a_cache_around_the_question_and_a_gate_for_spellings_are_found():
    told = lint(f"location / {{ {GOOD} }}", server="proxy_cache z; underscores_in_headers on; include other.conf;")
    assert len(told) == 3


def test_a_file_that_asks_nobody_is_none_of_our_business():
    assert lint("location / { return 200 x; }", server="underscores_in_headers on;", ask="") == []


@pytest.mark.parametrize(
    "text", ["", "{", "}", "}}}", "a{b{c", '"', "'\\", "#", "a;;;", ";", "http { server { location"]
)
def test_what_is_no_file_is_looked_at_as_far_as_it_goes(text):
    assert findings(text) == []
