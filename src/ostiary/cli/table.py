"""Every command, by name, and where its code is. Nothing is imported to list them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command.

    Attributes:
        name: what is typed.
        where: "module:attribute"; the attribute is a function for Typer, or a Typer app.
        group: the heading it stands under in the help.
        summary: one line of help.
    """

    name: str
    where: str
    group: str
    summary: str

    @property
    def installed(self) -> bool:
        """Whether its module is part of this installation."""
        return find_spec(self.where.partition(":")[0]) is not None


RUN: Final = "Run"
UNDERSTAND: Final = "Understand"
SECRETS: Final = "Certificates and secrets"
MOVE: Final = "Move"
GROUPS: Final = (RUN, UNDERSTAND, SECRETS, MOVE)

COMMANDS: Final = (
    Entry("serve", "ostiary.cli.serve:serve", RUN, "Run the gateway of a configuration file."),
    Entry("init", "ostiary.cli.init:init", RUN, "Write a first gateway into a folder: file, certificates, keys."),
    Entry("demo", "ostiary.cli.demo:demo", RUN, "Run a whole example on this machine, with throw-away keys."),
    Entry("check", "ostiary.cli.check:check", UNDERSTAND, "Say everything that is wrong with a configuration file."),
    Entry("explain", "ostiary.cli.explain:explain", UNDERSTAND, "Say what would become of a request, and why."),
    Entry("doctor", "ostiary.cli.doctor:doctor", UNDERSTAND, "Say what is wrong with certificates, and what mends it."),
    Entry("status", "ostiary.cli.status:status", UNDERSTAND, "Say how the gateway that runs is."),
    Entry("issuer", "ostiary.cli.issuer:app", UNDERSTAND, "Say what of an issuer of tokens is reachable and right."),
    Entry(
        "help", "ostiary.cli.help:help_", UNDERSTAND, "Explain a command, a code (C204) or a reason (token.expired)."
    ),
    Entry("version", "ostiary.cli.version:version", UNDERSTAND, "Say which Ostiary this is, and what it runs on."),
    Entry("token", "ostiary.cli.token:app", SECRETS, "Make API keys and password hashes, and look into tokens."),
    Entry("vault", "ostiary.cli.vault:app", SECRETS, "Keep credentials in the local vault."),
    Entry("keys", "ostiary.cli.keys:app", SECRETS, "Keep the keys that the gateway signs and connects with."),
    Entry("audit", "ostiary.cli.audit:app", UNDERSTAND, "Say whether an audit log is whole."),
    Entry("revoke", "ostiary.cli.revoke:app", SECRETS, "Refuse tokens, subjects and certificates at every gateway."),
    Entry("certs", "ostiary.cli.certs:app", SECRETS, "Be a small certificate authority, and look at certificates."),
    Entry("import", "ostiary.cli.import_:app", MOVE, "Write a configuration from another program's."),
    Entry("export", "ostiary.cli.export:app", MOVE, "Write the policy as another engine's own configuration."),
    Entry("recipe", "ostiary.cli.recipe:recipe", MOVE, "Print the configuration of another proxy that asks this one."),
    Entry("schema", "ostiary.cli.schema:schema", MOVE, "Print the JSON Schema of the configuration, for editors."),
    Entry("completion", "ostiary.cli.completion:completion", MOVE, "Print the completion script of a shell."),
)


def installed() -> dict[str, Entry]:
    """Return the commands of this installation, by name."""
    return {entry.name: entry for entry in COMMANDS if entry.installed}
