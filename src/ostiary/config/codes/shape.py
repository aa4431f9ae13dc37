"""C100 to C119: the shape of the document."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

SHAPE: Final = (
    Code(
        "C100",
        "not YAML",
        "The text cannot be read as YAML, so nothing behind this place was judged. Mostly a bracket or "
        "a quote is not "
        "closed, a line is indented unlike its neighbours, or a text with ': ' in it has no quotes.",
        "methods: [GET, HEAD",
        "methods: [GET, HEAD]",
    ),
    Code(
        "C101",
        "unknown key",
        "The language has no such key here. Unknown keys are never ignored: a misspelt `authorize` "
        "would otherwise be "
        "a route without any authorization.",
        "authorise: anyone",
        "authorize: anyone",
    ),
    Code(
        "C102",
        "missing key",
        "This block cannot do without the key. Nothing that decides about access has a default that lets people in.",
        "- name: reports\n  match: {path: /reports/**}\n  upstream: reports",
        "- name: reports\n  match: {path: /reports/**}\n  authenticate: {jwt: {issuers: [bank]}}\n"
        "  authorize: anyone\n  upstream: reports",
    ),
    Code(
        "C103",
        "empty value",
        "A key is written and nothing stands behind it: either the value was forgotten, or the lines "
        "that belong to it "
        "are not indented. A default does not apply to what is written.",
        "authenticate:\njwt: {issuers: [bank]}",
        "authenticate:\n  jwt: {issuers: [bank]}",
    ),
    Code(
        "C104",
        "wrong kind of value",
        "A list, a block, a text or a number stands where another kind is wanted. Nothing is converted silently.",
        "methods: GET",
        "methods: [GET]",
    ),
    Code(
        "C105",
        "key written twice",
        "The same key stands twice in one block. Programs keep the first or the last of the two without a word, so "
        "what was reviewed and what is served could differ.",
        "upstream: accounts\nupstream: reports",
        "upstream: accounts",
    ),
    Code("C106", "tab", "YAML is indented with spaces; a tab has no width.", "\tname: reports", "  name: reports"),
    Code(
        "C107",
        "not one of the words",
        "This place takes one of a few words, and this is none of them. Words that look like numbers need quotes.",
        "mode: optinal",
        "mode: optional",
    ),
    Code(
        "C108",
        "read differently by YAML 1.1 and 1.2",
        "`no`, `on`, `yes`, `012`, `1_000` or `12:30` mean a truth value or another number to older YAML readers and "
        "text to newer ones. Quotes end the argument.",
        "tenant: no",
        'tenant: "no"',
    ),
    Code(
        "C109",
        "tag",
        "Tags (`!!python/object`, `!include`) make a reader build things. The language is plain data and has none.",
        "name: !!str reports",
        "name: reports",
    ),
    Code(
        "C110",
        "too large",
        "The file is larger, deeper, or has more aliases than any real configuration (2 MiB, 32 levels, 100 aliases, "
        "200 000 values once the aliases are followed), or an alias holds itself.",
        "a: &a [*a]",
        "a: []",
    ),
    Code(
        "C111",
        "not yet available",
        "The design has this and this version has not. It is refused by name, so that nobody believes "
        "to be protected "
        "by something that is not there.",
        "vaults:\n  safe: {type: cyberark}",
        "vaults:\n  safe: {type: hashicorp, ...}",
    ),
    Code(
        "C112",
        "a key that is not a word",
        "Keys are words; a list or a block cannot be one.",
        "? [a, b]\n: c",
        "a: c\nb: c",
    ),
    Code(
        "C113",
        "exactly one is wanted",
        "This block says what it is by its one key. In a list, every item begins with its own dash.",
        "- mtls: {...}\n  jwt: {...}",
        "- mtls: {...}\n- jwt: {...}",
    ),
    Code(
        "C114",
        "nothing in it",
        "The list or block holds nothing, and at least one entry is needed for it to mean anything.",
        "authorize: []",
        "authorize: anyone",
    ),
    Code(
        "C115",
        "not exactly one document",
        "The file is empty, or a second document begins with `---`. One file is one configuration.",
        "version: 1\n---\nversion: 1",
        "version: 1",
    ),
    Code(
        "C116",
        "not UTF-8 text",
        "The file has octets that are not UTF-8, or control characters, which editors do not show.",
        "name: caf\\xe9",
        "name: cafe",
    ),
    Code(
        "C117",
        "merge key",
        "`<<` is not part of YAML 1.2 and is resolved differently by different readers. Anchors and aliases are fine.",
        "<<: *defaults",
        "timeouts: *timeouts",
    ),
    Code(
        "C118",
        "anchor",
        "An alias has no anchor before it, or one anchor is defined twice.",
        "authenticate: *bank",
        "authenticate: &bank {jwt: {issuers: [bank]}}",
    ),
)
