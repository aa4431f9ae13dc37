"""C2xx: names of entries."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

REFERENCES: Final = (
    Code(
        "C201",
        "unknown vault",
        "The credential names a vault that the section `vaults` does not have.",
        "credentials:\n  reports: {vault: lokal}",
        "credentials:\n  reports: {vault: local}",
    ),
    Code(
        "C202",
        "unknown credential",
        "The injector names an alias that the section `credentials` does not have.",
        "- basic: {credential: report}",
        "- basic: {credential: reports}",
    ),
    Code(
        "C203",
        "unknown upstream",
        "The route names an upstream that the section `upstreams` does not have.",
        "upstream: acounts",
        "upstream: accounts",
    ),
    Code(
        "C204",
        "unknown issuer",
        "The authenticator names an issuer that the section `issuers` does not have.",
        "jwt: {issuers: [bnak]}",
        "jwt: {issuers: [bank]}",
    ),
    Code(
        "C210",
        "two routes with one name",
        "The name stands in logs and metrics, where two routes could not be told apart.",
        "- name: reports\n  ...\n- name: reports\n  ...",
        "- name: reports-read\n  ...\n- name: reports-write\n  ...",
    ),
    Code(
        "C220",
        "entry not used",
        "Nothing refers to this entry. A warning: often it is what is left of something, or the name in "
        "a route is wrong.",
        "issuers:\n  old: {...}          # no route names it",
        "# taken out",
    ),
)
