"""C380 to C389: decisions for other proxies."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

DECISIONS: Final = (
    Code(
        "C380",
        "decisions for everybody",
        "An answer `allowed` carries the credential for the upstream in clear. Who may ask has to be known before "
        "anything is read: a unix socket, an address of this machine, or TLS with a client certificate of a name.",
        "edge: {bind: 10.0.0.5:9000, plaintext: accepted, decide: nginx}",
        "edge: {bind: unix:/run/ostiary/nginx.sock, decide: nginx}",
    ),
    Code(
        "C381",
        "a word that means nothing to decisions",
        "A decision listener is asked by proxies about heads. It takes no requests, sees no bodies, and believes what "
        "its dialect says and nothing else.",
        "decide: nginx\nlimits: {body: 1MiB}",
        "decide: nginx",
    ),
    Code(
        "C382",
        "a clause that the proxy does not hold",
        "The proxy forwards, so that what the route says of bodies, of connections to the upstream, or of its answers "
        "is not enforced there. It is written twice, in the proxy's configuration as well, or done without: "
        "`decision: allow-partial` on the route says that this is known.",
        "upgrades: [websocket]",
        "upgrades: [websocket]\ndecision: allow-partial",
    ),
    Code(
        "C383",
        "a clause that no decision can hold",
        "An answer has headers, and no query. The proxy would forward the query as the caller wrote it, with the "
        "caller's own parameter in the place of the credential.",
        "inject: [{query: {name: key, credential: reports}}]",
        "inject: [{header: {name: X-Key, credential: reports}}]",
    ),
)
