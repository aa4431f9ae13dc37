"""One policy, one gateway, one upstream for everything here; each proxy runs once, with its recipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.support.plugged import PROXIES, Plugged, listeners, plugged
from tests.support.plugin import Gateway, World, world


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The policy and its surroundings, with the gateway that serves it."""
    with world(tmp_path_factory.mktemp("plugin"), listeners()) as one:
        one.gateway = Gateway(one.file)
        one.gateway.start()
        yield one
        one.gateway.stop()


class Fronts:
    """The proxies that run."""

    def __init__(self, made: World, stack: ExitStack) -> None:
        self._made = made
        self._stack = stack
        self._running: dict[str, Plugged] = {}

    def __getitem__(self, name: str) -> Plugged:
        """Return a proxy, which the first who wants it has to wait for."""
        if name not in self._running:
            self._running[name] = self._stack.enter_context(plugged(name, self._made))
        return self._running[name]


@pytest.fixture(scope="package")
def fronts(made: World) -> Iterator[Fronts]:
    """The proxies, each started once."""
    with ExitStack() as stack:
        yield Fronts(made, stack)


@pytest.fixture(params=PROXIES)
def proxy(request: pytest.FixtureRequest, fronts: Fronts) -> Plugged:
    """Each of them."""
    return fronts[request.param]
