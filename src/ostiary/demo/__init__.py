"""The demo: a small world on loopback, and a tour through the gateway that guards it.

    places    which files it makes, and where
    service   a JSON service in a thread; what issuer and legacy are made of
    issuer    an OpenID provider that signs whatever the tour needs
    legacy    an old service that knows only Basic authentication, and says what it received
    gateway   the real gateway, as a process of its own, and its access log
    world     all of that, started in order and ended in order
    steps     the tour, as data: what is asked, and how it has to come out
    client    one step, through curl, as the line that is printed
    tour      each step, judged: answer, log and echo must agree
    show      what it looks like

Everything is thrown away afterwards; nothing here is imported by the gateway.
"""

from ostiary.demo.world import DemoFailed, World, open_world

__all__ = ["DemoFailed", "World", "open_world"]
