"""The specs of decisions: another proxy forwards, and asks whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field

from ostiary.config.certificates import DialectName, ProxySpec
from ostiary.config.clients import ClientSpec
from ostiary.config.sockets import LocalSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Refused

DecisionDialect: TypeAlias = Literal[
    "nginx", "haproxy", "apache", "caddy", "envoy-http", "envoy-grpc", "traefik", "apisix", "ingress-nginx"
]

CERTIFICATES: Final[dict[DecisionDialect, DialectName]] = {
    "nginx": "nginx",
    "haproxy": "haproxy",
    "apache": "apache",
    "caddy": "caddy",
    "envoy-http": "nginx",
    "envoy-grpc": "nginx",
    "traefik": "traefik",
    "apisix": "nginx",
    "ingress-nginx": "nginx",
}
"""How each of them tells its callers' certificates."""
assert tuple(CERTIFICATES) == get_args(DecisionDialect)  # noqa: S101 - one list, written twice


class DecideSpec(Spec):
    """This listener's callers are proxies, which ask whether they may forward a request. A word is its dialect."""

    dialect: DecisionDialect = Field(description="How they ask: one dialect, and nothing else is understood.")
    client: ClientSpec | None = Field(
        None,
        description="What is asked of the certificates that they tell. Without it nobody here has a certificate.",
    )
    proxy: ProxySpec | None = Field(
        None, description="Their own client certificate, which `tls.client` has verified; beyond loopback it is needed."
    )
    local: LocalSpec | None = Field(None, description="Their processes, on a unix socket.")


def block(value: Any) -> Any:
    """Return the block that a word stands for: its dialect, and nothing else asked."""
    return {"dialect": value} if isinstance(value, str) else value


if TYPE_CHECKING:
    Decide: TypeAlias = DecideSpec
else:
    Decide = Annotated[DecisionDialect | DecideSpec, BeforeValidator(block)]


def refuse_for_everybody(listener: Any) -> None:
    """Refuse a listener whose answers, with credentials in them, could be had by whoever reaches it."""
    decide: DecideSpec | None = listener.decide
    shown = listener.tls is not None and listener.tls.client.mode == "required"
    if decide is not None and not listener.bind.loopback and (not shown or decide.proxy is None):
        raise Refused(
            "C380",
            "answers carry credentials: bind a unix socket or loopback, or let `tls.client` be required, and name the "
            "proxies under `decide.proxy`",
        )


def refuse_meaningless(listener: Any) -> None:
    """Refuse what a decision listener would never look at."""
    decide: DecideSpec | None = listener.decide
    if decide is None:
        return
    for name in ("forwarded", "proxy_protocol"):
        if getattr(listener, name) is not None:
            raise Refused("C381", f"`{name}` is about callers; here proxies ask, in the words of `decide`")
    if listener.limits.body is not None:
        raise Refused("C381", "`limits.body` bounds nothing here: bodies stay with the proxy")
    if decide.proxy is not None and (listener.tls is None or listener.tls.client.mode == "off"):
        raise Refused("C381", "`decide.proxy` is about a certificate, and `tls.client` does not ask for one")
    if decide.dialect == "apache" and listener.tls is not None:
        raise Refused("C381", "Apache asks by FastCGI, which has no TLS: bind a loopback address")
    if decide.dialect == "envoy-grpc" and "h2" not in listener.protocols:
        raise Refused("C381", "gRPC is HTTP/2: leave `protocols` out, or let `h2` be among them")
    if decide.client is not None and decide.client.warn_before is not None:
        raise Refused("C381", "`warn_before` is told in answers, and callers do not see those of decisions")
