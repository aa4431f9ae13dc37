"""In which part of its life the gateway is: for health, metrics and status."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Lifecycle:
    """What is to be known from outside. Written by who serves, read by who tells.

    Attributes:
        ready: whether it has started, and listens.
        draining: whether it has been told to stop; readiness is false from then on.
        reloads: how many changes of configuration were taken up (True), and how many refused (False).
        reload_refused: why the last change was not taken up, in the words of `ostiary check`; "" when it was.
        configured_at: when the configuration in use was read, seconds since the epoch.
    """

    ready: bool = False
    draining: bool = False
    reloads: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    reload_refused: str = ""
    configured_at: float = 0.0

    @property
    def accepting(self) -> bool:
        """Whether new callers are welcome."""
        return self.ready and not self.draining
