"""Which lists of injectors make sense?"""

from __future__ import annotations

import pytest
from tests.unit.inject.conftest import CANARY, Given, outbound_of

from ostiary.config.schema import BasicSpec, BearerSpec, HeaderSpec, InjectorSpec, QuerySpec
from ostiary.errors import ConfigError
from ostiary.inject import compile_injectors

BASIC = InjectorSpec(basic=BasicSpec(credential="legacy"))
BEARER = InjectorSpec(bearer=BearerSpec(credential="legacy"))


def header(name: str) -> InjectorSpec:
    return InjectorSpec(header=HeaderSpec(name=name, value="{principal.subject}"))


def query(name: str) -> InjectorSpec:
    return InjectorSpec(query=QuerySpec(name=name, value="x"))


async def test_several_injectors_write_in_their_order():
    outbound = outbound_of()
    for injector in compile_injectors((BASIC, header("X-A"), header("X-B"), query("q")), {"legacy": Given()}):
        await injector.inject(outbound)
    assert [name for name, _ in outbound.headers] == [b"Authorization", b"X-A", b"X-B"]
    assert outbound.target == b"/p?q=x"


def test_no_injectors_are_none():
    assert compile_injectors((), {}) == ()


@pytest.mark.parametrize(
    "specs",
    [
        (BASIC, BEARER), (BASIC, header("Authorization")), (header("X-A"), header("x_a")),
        (query("a.b"), query("A_B")),
    ],
)  # fmt: skip
def test_two_that_write_the_same_stop_the_start(specs):
    with pytest.raises(ConfigError, match="two injectors"):
        compile_injectors(specs, {"legacy": Given()})


@pytest.mark.parametrize(
    "spec",
    [
        BASIC,
        BEARER,
        InjectorSpec(header=HeaderSpec(name="X-A", credential="legacy")),
        InjectorSpec(query=QuerySpec(name="a", credential="legacy")),
    ],
)
def test_an_unknown_credential_stops_the_start(spec):
    with pytest.raises(ConfigError, match="there is no credential 'legacy'; there are: other"):
        compile_injectors((spec,), {"other": Given()})


async def test_no_injector_prints_what_it_writes():
    specs = (
        BASIC,
        InjectorSpec(header=HeaderSpec(name="X-A", credential="legacy")),
        InjectorSpec(query=QuerySpec(name="a", credential="legacy")),
    )
    injectors = compile_injectors(specs, {"legacy": Given()})
    for injector in injectors:
        await injector.inject(outbound_of())
        assert CANARY not in repr(injector)
