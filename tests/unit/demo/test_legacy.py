"""Whom does the old service let in, and what does it say it received?"""

from __future__ import annotations

import httpx2
import pytest

from ostiary.demo.legacy import serve_legacy
from ostiary.model import Credential, Secret

PASSWORD = "canary-4711"


@pytest.fixture
def url():
    with serve_legacy(Credential("legacy", "ostiary", Secret(PASSWORD), "1"), 0) as port:
        yield f"http://127.0.0.1:{port}"


def test_its_own_account_comes_in(url):
    answer = httpx2.get(f"{url}/accounts/7?x=1", auth=("ostiary", PASSWORD), trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["request"] == "GET /accounts/7?x=1"
    assert answer.json()["logged_in_as"] == "ostiary"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}])
def test_nobody_else_does(url, headers):
    answer = httpx2.get(url, headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_two_authorizations_are_refused(url):
    pair = httpx2.BasicAuth("ostiary", PASSWORD)._auth_header
    headers = [("Authorization", pair), ("Authorization", "Bearer x")]
    assert httpx2.get(url, headers=headers, trust_env=False).status_code == 401


def test_the_echo_has_every_header_but_not_the_password(url):
    answer = httpx2.get(url, auth=("ostiary", PASSWORD), headers={"X-Subject": "alice"}, trust_env=False)
    assert "x-subject: alice" in [header.lower() for header in answer.json()["headers"]]
    assert "Authorization: Basic ******" in answer.json()["headers"]
    assert PASSWORD not in answer.text
    assert "b3N0aWFyeT" not in answer.text  # base64 of the pair begins like this
