"""Can it be listened there, and is asked for what the routes need?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.checks.names import authenticators
from ostiary.config.draft import Draft
from ostiary.config.problem import Problem
from ostiary.config.sockets import UnixBind
from ostiary.config.values import Bind


def addresses(draft: Draft) -> Iterator[Problem]:
    """Find listeners that would take each other's address."""
    taken: list[tuple[Bind | UnixBind, str]] = []
    binds = [(name, listener.bind, ("listeners", name)) for name, listener in draft.listeners.items()]
    admin = [] if draft.admin is None else [("admin", draft.admin.bind, ("admin",))]
    for name, bind, path in (*binds, *admin):
        rivals = [other for place, other in taken if _meet(bind, place)]
        taken.append((bind, name))
        if rivals:
            message = f"listener {rivals[0]!r} listens on {bind} already"
            first = f"line {draft.tree.keys['listeners', rivals[0]].line}"
            yield draft.problem("C319", message, (*path, "bind"), first=first)


def _meet(one: Bind | UnixBind, other: Bind | UnixBind) -> bool:
    """Whether two listeners cannot both have what they ask for."""
    if isinstance(one, UnixBind) or isinstance(other, UnixBind):
        return one == other
    everywhere = "::" if ":" in one.host else "0.0.0.0"  # noqa: S104 - the word for every address
    return one.port == other.port != 0 and (other.host in (one.host, everywhere) or one.host == everywhere)


def evidence(draft: Draft) -> Iterator[Problem]:
    """Find routes that need a client certificate while no listener asks for one."""
    asked = any(
        listener.forwarded
        or (listener.tls and listener.tls.client.mode != "off")
        or (listener.decide and listener.decide.client and listener.decide.client.mode != "off")
        for listener in draft.listeners.values()
    )
    if asked or not draft.whole("listeners"):
        return
    for index, route in draft.routes.items():
        for path, one in authenticators(route.authenticate, ("routes", index, "authenticate")):
            if one.mtls is not None:
                yield _never(draft, "C317", "`mtls` needs a client certificate", (*path, "mtls"))
            if one.jwt is not None and one.jwt.bound == "required":
                yield _never(draft, "C317", "`bound: required` needs a client certificate", (*path, "jwt", "bound"))


def _never(draft: Draft, code: str, message: str, path: tuple[str | int, ...]) -> Problem:
    return draft.problem(
        code, f"{message}, and no listener asks for one", path, key=True,
        help="set tls.client.mode of a listener to `optional` or `required`, and name its `authorities`",
    )  # fmt: skip
