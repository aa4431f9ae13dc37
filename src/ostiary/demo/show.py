"""What the demo looks like: colour on a terminal, plain text elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from ostiary.demo.client import Client
from ostiary.demo.tour import Outcome
from ostiary.demo.world import GATEWAY_PORT, World

_OK: Final = 300
INTRODUCTION: Final = """\
  caller --- TLS, certificate + token ---> gateway --- Basic authentication ---> legacy service

  gateway    https://localhost:{gateway}   {configuration}
  issuer     {issuer}   OpenID discovery, ES256
  legacy     http://127.0.0.1:{legacy}   knows only Basic authentication, says what it received
  vault      {vault}   encrypted; holds the legacy service's password
"""


class Screen:
    """Prints the tour."""

    def __init__(self, *, colour: bool) -> None:
        self._console = Console(color_system="auto" if colour else None)

    def introduce(self, world: World, client: Client) -> None:
        """Say what runs."""
        self._print("Ostiary demo: everything on this machine, keys to throw away.\n", "bold")
        self._print(
            INTRODUCTION.format(
                gateway=world.gateway.port,
                configuration=world.places.configuration,
                issuer=world.issuer.url,
                legacy=world.legacy_port,
                vault=world.places.own / "vault.db",
            )
        )
        if world.gateway.port != GATEWAY_PORT:
            self._print(f"  Port {GATEWAY_PORT} is taken; the gateway listens on {world.gateway.port}.\n", "yellow")
        self._print(f"The tour, by {client.name}:\n")

    def outcome(self, number: int, outcome: Outcome) -> None:
        """Show one step: what was tried, the line, what came of it."""
        self._print(f"{number:>2}. {outcome.title}", "bold")
        self._print("\n".join(f"    {line}" for line in f"$ {outcome.command}".splitlines()), "dim")
        verdict = Text(f"    {outcome.status}  {outcome.reason}", _style(outcome.status))
        self._console.print(verdict, soft_wrap=True)
        for difference in outcome.differs:
            self._print(f"    NOT AS EXPECTED: {difference}", "bold red")
        if outcome.status < _OK:
            self._print("\n".join(f"    | {line}" for line in outcome.body.splitlines()))
        self._print("")

    def summary(self, right: int, steps: int) -> None:
        """Say how it went."""
        style = "bold green" if right == steps else "bold red"
        self._print(f"{right} of {steps} steps came out as expected.", style)

    def stay(self, outcome: Outcome) -> None:
        """Say what can be done now."""
        self._print("\nIt stays up until Ctrl-C. Paste any of the lines above; this is the one that gets in:\n", "bold")
        self._print(f"{outcome.command}\n")
        self._print("The access log:")

    def logged(self, line: Mapping[str, Any]) -> None:
        """Show one line of the access log, shortened."""
        words = [str(line.get(key, "-")) for key in ("status", "reason", "method", "path", "subject")]
        self._console.print(Text("  " + "  ".join(words), _style(int(line.get("status", 0)))), soft_wrap=True)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)


def _style(status: int) -> str:
    return "green" if status < _OK else "yellow"
