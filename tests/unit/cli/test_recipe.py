"""What does `ostiary recipe` print, and when does it say no?"""

from __future__ import annotations

import pytest

from ostiary.cli.run import run

FILE = """
version: 1
listeners:
  one: {bind: 127.0.0.1:9001, decide: nginx}
  two: {bind: 127.0.0.1:9002, decide: nginx}
  caddy: {bind: 127.0.0.1:9003, decide: caddy}
upstreams: {old: {endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: all
    match: {path: /**}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [header: {name: X-Subject, value: "{principal.subject}"}]
    upstream: old
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "gateway.yaml").write_text(FILE)
    return str(tmp_path / "gateway.yaml")


def test_a_recipe_is_for_one_listener(file, capsys):
    assert run(["recipe", "caddy", "--config", file]) == 0
    assert "127.0.0.1:9003" in capsys.readouterr().out
    assert run(["recipe", "nginx", "--config", file, "--listener", "two"]) == 0
    assert "server 127.0.0.1:9002;" in capsys.readouterr().out


def test_what_routes_do_without_is_said_beside_it(tmp_path, capsys):
    said = "    rewrite: {path: {add_prefix: /old}}\n    upgrades: [websocket]\n    decision: allow-partial\n"
    (tmp_path / "gateway.yaml").write_text(FILE + said)
    assert run(["recipe", "caddy", "--config", str(tmp_path / "gateway.yaml")]) == 0
    printed = capsys.readouterr()
    assert "note:" not in printed.out
    assert [line.split("`")[1] for line in printed.err.splitlines()] == ["rewrite", "upgrades"]


@pytest.mark.parametrize(("arguments", "code", "word"), [
    (["nginx"], 1, "several listeners"),
    (["haproxy"], 1, "no listener"),
    (["nginx", "--listener", "caddy"], 1, "no listener with `decide: nginx`"),
    (["squid"], 2, "there is no recipe"),
    (["caddy", "--listen", "here; there"], 1, "is not written into a configuration"),
    (["caddy", "--certificate", "a b"], 1, "is not written into a configuration"),
])  # fmt: skip
def test_what_cannot_be_written_is_said(file, capsys, arguments, code, word):
    assert run(["recipe", *arguments, "--config", file]) == code
    assert word in capsys.readouterr().err


def test_a_file_of_nginx_is_looked_at(tmp_path, capsys):
    (tmp_path / "bad.conf").write_text("http { server { location / {\nauth_request /x; return 200 y; } } }")
    assert run(["recipe", "nginx", "--lint", str(tmp_path / "bad.conf")]) == 1
    assert "bad.conf:2: `return` runs before" in capsys.readouterr().out
    assert run(["recipe", "caddy", "--lint", str(tmp_path / "bad.conf")]) == 2
