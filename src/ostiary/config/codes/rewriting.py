"""C14x and C39x: what an upstream is told in other words, and cannot be."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

REWRITING: Final = (
    Code(
        "C140",
        "not the beginning of a path",
        "A prefix is taken away or put in front segment by segment, so it is whole segments of plain text (not "
        "percent-encoded): `/api` is the beginning of `/api/x`, and not of `/apiary`.",
        "strip_prefix: /api/",
        "strip_prefix: /api",
    ),
    Code(
        "C141",
        "not a template of a path",
        "A place stands for a whole segment: {1} for the first * of `match.path`, {2} for the second, {rest} at the "
        "end for its **. A query is not part of it: `rewrite.query` says what becomes of that.",
        "template: /legacy/account-{1}",
        "template: /legacy/accounts/{1}",
    ),
    Code(
        "C142",
        "not a Host",
        "What an upstream is sent as Host: `preserve` (the caller's), `endpoint` (the endpoint's), or one name, with a "
        "dot or a port in it, so that a misspelt word is not taken for one.",
        "host: legacy",
        "host: legacy.example",
    ),
    Code(
        "C143",
        "not a value of a parameter",
        "A value is plain text (not percent-encoded), in which {1} is what the first * of `match.path` stands for, and "
        "{rest} what its ** stands for. Braces mean nothing else.",
        'query: {set: {id: "{name}"}}',
        'query: {set: {id: "{1}"}}',
    ),
    Code(
        "C390",
        "a prefix that the route does not have",
        "Every request of a route begins with the literal segments of its `match.path`. Only of these can a prefix be "
        "taken away.",
        "match: {path: /api/**}\nrewrite: {path: {strip_prefix: /app}}",
        "match: {path: /api/**}\nrewrite: {path: {strip_prefix: /api}}",
    ),
    Code(
        "C391",
        "a place that the route does not match",
        "{1} is what the first * of `match.path` stands for, and {rest} what its ** stands for.",
        'match: {path: /accounts/*}\nrewrite: {path: {template: "/konto/{2}"}}',
        'match: {path: /accounts/*}\nrewrite: {path: {template: "/konto/{1}"}}',
    ),
    Code(
        "C392",
        "a header that is not the caller's to tell",
        "What the gateway writes or judges itself, and what only a proxy may say, is stripped from callers' requests. "
        "No other header becomes one of these, or a caller could speak in the gateway's name.",
        "rename: {X-Account: X-Forwarded-For}",
        "rename: {X-Account: X-Konto}",
    ),
    Code(
        "C393",
        "no way back",
        "A prefix can be exchanged in both directions. From a path that a template has made, the caller's cannot be "
        "told again.",
        'path: {template: "/konto/{1}"}\nresponse: {location: true}',
        "path: {strip_prefix: /accounts, add_prefix: /konto}\nresponse: {location: true}",
    ),
    Code(
        "C394",
        "two ways to write, or none",
        "A path is either put together by a template, or the one prefix of it is exchanged for another.",
        "path: {template: /old, add_prefix: /v1}",
        "path: {template: /v1/old}",
    ),
    Code(
        "C396",
        "a parameter that is said twice",
        "Upstreams read names of parameters in more than one way: `Id`, `id` and `%69d` may be one. So each stands "
        "once in what a route says of its query, and none is written by `rewrite` and by an injector.",
        'query: {keep: [page, id], set: {id: "{1}"}}',
        'query: {keep: [page], set: {id: "{1}"}}',
    ),
)
