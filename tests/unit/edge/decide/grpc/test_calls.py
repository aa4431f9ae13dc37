"""What does Envoy hear on a call, what does it hear on what is none, and how long does it take?"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs
from tests.support.grpc_calls import (
    CANARY,
    CHECK,
    HEALTH,
    Shelf,
    asked,
    calling,
    message,
    prefixed,
)

from ostiary.edge.decide.grpc.messages import CheckResponse, HealthCheckRequest, HealthCheckResponse

BASIC = b"Basic " + b64encode(f"svc:{CANARY}".encode())


def octets(*told, **more) -> bytes:
    return prefixed(message(*told, **more).SerializeToString())


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "access.log").read_text().splitlines()]


def written(ok) -> dict[bytes, bytes]:
    assert {one.append_action for one in ok.headers} == {2}
    return {one.header.key: one.header.value for one in ok.headers}


# --- what a call is answered with ---------------------------------------------------------------


async def test_a_yes_says_what_the_upstream_is_to_be_sent_and_what_not(tmp_path):
    lies = [(b"x_subject", b"admin"), (b"x-real-ip", b"1.2.3.4"), (b"cookie", b"a=b"), (b"authorization", b"Basic x")]
    async with asked(tmp_path), calling(tmp_path) as caller:
        opened = await caller.call([octets("/open", *lies)])
        secret = await caller.call([octets("/secret", *lies)])

    assert (opened.head[b":status"], opened.head[b"content-type"], opened.code) == (b"200", b"application/grpc", 0)
    assert opened.allowed
    over = written(opened.response.ok_response)
    assert {over.pop(name) for name in (b"x-request-id",)} == {opened.head[b"x-request-id"]}
    assert over == {
        b"x-subject": b"nobody", b"ostiary-upstream": b"old", b"x-forwarded-for": b"192.0.2.7",
        b"x-forwarded-proto": b"https", b"x-forwarded-host": b"api.example.com",
    }  # fmt: skip
    gone = set(opened.response.ok_response.headers_to_remove)
    assert gone == {b"x_subject", b"x-real-ip", b"sm_user"}  # and what is evidence on no route passes, as natively
    over = written(secret.response.ok_response)
    assert (over[b"authorization"], over[b"cookie"], over[b"sm_user"]) == (BASIC, b"a=b; session=ours", b"x")
    assert b"x-subject" in secret.response.ok_response.headers_to_remove


async def test_a_no_is_told_whole(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        found = {path: await caller.call([octets(path)]) for path in ("/who", "/nothing", "/a/../b", "/open%2f")}

    assert {path: one.response.denied_response.status.code for path, one in found.items()} == {
        "/who": 401, "/nothing": 404, "/a/../b": 400, "/open%2f": 400,
    }  # fmt: skip
    for one in found.values():
        assert one.code == 0
        assert not one.allowed
        denied = one.response.denied_response
        document = json.loads(denied.body)
        told = {field.header.key: field.header.value for field in denied.headers}
        assert document["status"] == denied.status.code
        assert told[b"content-type"] == b"application/problem+json"
        assert told[b"x-request-id"] == one.head[b"x-request-id"]


async def test_an_independent_client_understands_it(tmp_path):
    async with asked(tmp_path):
        options = [("grpc.default_authority", "ostiary")]
        async with grpc.aio.insecure_channel(f"unix:{tmp_path}/s", options=options) as channel:
            check = channel.unary_unary(CHECK, response_deserializer=CheckResponse.FromString)
            answers = await asyncio.gather(*(check(message("/open").SerializeToString(), timeout=9) for _ in range(40)))
            health = channel.unary_unary(HEALTH, response_deserializer=HealthCheckResponse.FromString)
            serving = await health(HealthCheckRequest().SerializeToString(), timeout=9)
            codes = []
            for path, content in ((CHECK, b"\xff"), (CHECK + "s", b""), (HEALTH, b"\x0a\x01x")):
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await channel.unary_unary(path)(content, timeout=9)
                codes.append(refused.value.code())
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await channel.unary_unary(CHECK)(b"a" * 5000, timeout=9, compression=grpc.Compression.Gzip)

    assert [one.WhichOneof("http_response") for one in answers] == ["ok_response"] * 40
    assert serving.status == 1
    assert codes == [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND]
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


# --- what is none -------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "code"), [
    ([], 12),
    ([b"\0"], 13),
    ([octets()[:-1]], 13),
    ([octets() + b"\0"], 12),
    ([octets(), octets()], 12),
    ([prefixed(message().SerializeToString(), compressed=1)], 12),
    ([prefixed(b"\xff\xff")], 13),
    ([b"\0\x7f\xff\xff\xff"], 8),
    ([b"{}"], 13),
])  # fmt: skip
async def test_what_is_no_message_ends_with_another_status_than_ok(tmp_path, content, code):
    async with asked(tmp_path), calling(tmp_path) as caller:
        ended = await caller.call(content)
        again = await caller.call([octets()])
    assert (ended.head[b":status"], ended.code, ended.content) == (b"200", code, b"")
    assert ended.text
    assert again.allowed  # the connection is as good as before
    (line, _) = lines(tmp_path)
    assert (line["decision"], line["reason"]) == ("deny", "decision.unreadable")


@pytest.mark.parametrize("head", [
    {"method": b"GET"}, {"kind": b"application/json"}, {"kind": b""}, {"kind": b"application/grpc-web"},
])  # fmt: skip
async def test_what_is_no_call_is_400(tmp_path, head):
    async with asked(tmp_path), calling(tmp_path) as caller:
        ended = await caller.call([octets()], **head)
    assert (ended.head[b":status"], ended.code) == (b"400", None)
    assert b"decision.unreadable" in ended.content


async def test_messages_in_another_encoding_are_refused_in_grpcs_words(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        ended = await caller.call([octets()], kind=b"application/grpc+json")
    assert (ended.head[b":status"], ended.code, ended.content) == (b"200", 13, b"")
    assert ended.head[b"ostiary-reason"] == b"decision.unreadable"


async def test_a_call_of_another_method_is_unimplemented(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        for path in ("/", "/open", CHECK.lower(), CHECK + "/", CHECK + "?", HEALTH.replace("Check", "Watch")):
            ended = await caller.call([octets()], path)
            assert (ended.code, ended.content) == (12, b""), path


async def test_a_message_that_is_no_whole_ask_is_refused_and_the_proxy_s_configuration_named(tmp_path):
    with capture_logs() as events:
        async with asked(tmp_path), calling(tmp_path) as caller:
            ended = await caller.call([prefixed(b"")])
    assert (ended.response.denied_response.status.code, ended.allowed) == (400, False)
    (error,) = [one for one in events if one["log_level"] == "error"]
    assert (error["dialect"], error["why"]) == ("envoy-grpc", "the method is none")


@pytest.mark.parametrize("fields", [
    [(b"authorization", b"Bearer a,Bearer b")],
    [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
    [(b"content-type", b"a/b"), (b"content_type", b"a/b")],
    [(b"x-a", b"1\n2")],
    [(b"host", b"b.example")],
])  # fmt: skip
async def test_a_head_that_can_be_read_in_two_ways_is_refused(tmp_path, fields):
    async with asked(tmp_path), calling(tmp_path) as caller:
        ended = await caller.call([octets("/open", *fields)])
    assert ended.response.denied_response.status.code == 400


async def test_a_head_is_no_larger_than_any_head_may_be(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        large = await caller.call([octets("/open", (b"x-a", b"a" * 16_000), (b"x-b", b"b" * 17_000))])
        many = await caller.call([octets("/open", *[(b"x-%d" % at, b"") for at in range(120)])])
        long = await caller.call([octets("/open?" + "a" * 9000)])
    found = [one.response.denied_response.status.code for one in (large, many, long)]
    assert found == [431, 431, 414]


async def test_a_mebibyte_of_headers_is_refused_before_it_has_come(tmp_path):
    whole = octets("/open", *[(b"x-%d" % at, b"a" * 1024) for at in range(1024)])
    async with asked(tmp_path), calling(tmp_path) as caller:
        number = caller.begin()
        caller.h2.send_data(number, whole[:100])
        caller.say()
        ended = await caller.ended(number)
        again = await caller.call([octets()])
    assert (ended.code, ended.content) == (8, b"")
    assert again.allowed


# --- time ---------------------------------------------------------------------------------------


async def test_a_call_takes_no_longer_than_it_may(tmp_path):
    shelf = Shelf(slow=30.0)
    async with asked(tmp_path, shelf=shelf), calling(tmp_path) as caller:
        ended = await caller.call([octets("/secret")], CHECK, (b"grpc-timeout", b"50m"))
        shelf.slow = 0.0
        again = await caller.call([octets("/secret")], CHECK, (b"grpc-timeout", b"50S"))
    assert (ended.code, ended.content, shelf.cancelled) == (4, b"", 1)
    assert again.allowed
    line, _ = lines(tmp_path)
    assert (line["status"], line["reason"], line["decision"]) == (504, "request.abandoned", "error")


async def test_what_has_to_be_fetched_is_waited_for(tmp_path):
    async with asked(tmp_path, shelf=Shelf(slow=0.05)), calling(tmp_path) as caller:
        assert (await caller.call([octets("/secret")], CHECK, (b"grpc-timeout", b"20S"))).allowed
        assert (await caller.call([octets("/secret")])).allowed


async def test_a_time_that_is_none_is_refused_as_is_one_that_is_over(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        assert (await caller.call([octets()], CHECK, (b"grpc-timeout", b"soon"))).code == 13
        assert (await caller.call([octets()], CHECK, (b"grpc-timeout", b"0n"))).code == 4


async def test_nobody_works_for_a_caller_who_is_gone(tmp_path):
    shelf = Shelf(slow=30.0)
    async with asked(tmp_path, shelf=shelf), calling(tmp_path) as caller:
        number = caller.begin()
        caller.h2.send_data(number, octets("/secret"), end_stream=True)
        caller.say()
        assert (await caller.call([octets()])).allowed
        caller.h2.reset_stream(number)
        caller.say()
        assert (await caller.call([octets()])).allowed
    assert shelf.cancelled == 1
    assert [line["reason"] for line in lines(tmp_path)].count("request.abandoned") == 1


# --- the log ------------------------------------------------------------------------------------


async def test_the_log_is_about_the_request_and_questions_after_our_health_are_none(tmp_path):
    async with asked(tmp_path), calling(tmp_path) as caller:
        for path in ("/secret?token=hidden", "/who", "/a/../b"):
            await caller.call([octets(path, method=b"PUT")])
        assert (await caller.call([prefixed(b"")], HEALTH)).content == prefixed(b"\x08\x01")

    found = [(one["decision"], one["status"], one["method"], one["path"], one["reason"]) for one in lines(tmp_path)]
    assert found == [
        ("allow", 200, "PUT", "/secret", "allowed"),
        ("deny", 401, "PUT", "/who", "certificate.missing"),
        ("deny", 400, "PUT", "/a/../b", "path.ambiguous"),
    ]
    assert CANARY not in (tmp_path / "access.log").read_text()
