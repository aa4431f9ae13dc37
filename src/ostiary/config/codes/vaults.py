"""Cx6x: what only vaults can get wrong."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

VAULTS: Final = (
    Code(
        "C160",
        "not a place in a JSON document",
        "A place in an answer is names and positions (RFC 9535), so that it can only mean one value. Wildcards, "
        "slices, filters and searches are not accepted.",
        "result: {secret: $..password}",
        "result: {secret: $.data.password}",
    ),
    Code(
        "C161",
        "text of a request that cannot be filled in",
        "A name in braces is not known, a brace lacks its other half, or the text is not visible ASCII. In a URL only "
        "{path} and {version} are filled in, below its host: secrets belong into headers or the body.",
        "url: https://creds.example.com/{path}?key={api.secret}",
        "url: https://creds.example.com/{path}\nheaders: {Authorization: 'Bearer {api.secret}'}",
    ),
    Code(
        "C162",
        "a vault that does not hold together",
        "Keys of this vault contradict each other, so one of them would never be used.",
        "method: GET\nbody: {name: '{path}'}",
        "method: POST\nbody: {name: '{path}'}",
    ),
    Code(
        "C163",
        "not a value that the provider accepts",
        "CyberArk's provider accepts no + & % ; and no white space in the values of a query; names of applications, "
        "safes and objects that have them cannot be asked for.",
        "app_id: my gateway",
        "app_id: my-gateway",
    ),
    Code(
        "C164",
        "not a region or a project",
        "The name becomes part of an address, so it is small letters, digits and hyphens.",
        "region: Frankfurt",
        "region: eu-central-1",
    ),
    Code(
        "C360",
        "a vault that needs itself",
        "To ask this vault, a credential is needed that is kept in it, or in a vault that needs this one. Nobody could "
        "begin.",
        "credentials:\n  api: {vault: external}\nvaults:\n  external: {..., headers: {Authorization: '{api.secret}'}}",
        "credentials:\n  api: {vault: local}",
    ),
    Code(
        "C361",
        "an engine that does not have this",
        "Only vaults of type hashicorp have engines. A database engine gives creds/ROLE and static-creds/ROLE, a pki "
        "engine gives issue/ROLE and takes parameters; only key-value stores of version 2 have versions.",
        "credentials:\n  crm: {vault: corporate, engine: database, path: crm}",
        "credentials:\n  crm: {vault: corporate, engine: database, path: static-creds/crm}",
    ),
    Code(
        "C361",
        "a version that cannot be pinned",
        "Versions of this vault have no numbers, or there is one only. Some vaults pin in another way: a `stage` of "
        "AWS, NAME/VERSION as a path of Azure.",
        "crm: {vault: mounted, version: 3}",
        "crm: {vault: mounted}",
    ),
    Code(
        "C560",
        "an extra is not installed",
        "What is asked for needs a library that is not there. It is an extra, so that nobody has to install it who "
        "does not use it.",
        "type: aws",
        '$ pip install "ostiary[aws]"',
    ),
    Code(
        "C561",
        "a kind of vault that cannot be loaded",
        "A distribution that is installed says that it brings this type of vault (an entry point of the group "
        "ostiary.vaults), and what it brings cannot be used.",
        'shelf = "ostiary_shelf:no_such_name"',
        'shelf = "ostiary_shelf:shelf"',
    ),
)
