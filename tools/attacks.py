"""The index of attacks: what each is, and which tests see it fail; the tests say so (`pytest.mark.attack`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

ATTACKS: Final = {
    1: "`alg: none` in every spelling, an empty signature",
    2: "a public key as a shared secret: PEM, DER, JWK, SSH, behind a byte order mark",
    3: "an algorithm that is not the key's own",
    4: "a key for encryption, or one that does not verify",
    5: "a key in the token's header (`jwk`)",
    6: "an address in the token's header (`jku`, `x5u`), or made of its claims",
    7: "a key set that redirects",
    8: "a key id that is a path, SQL, lines, no text, or very long",
    9: "a flood of unknown key ids",
    10: "bad members of a key set: repeated ids, symmetric, private, short, off their curve, ROCA",
    11: "a poisoned key set: HTML, empty, huge, slow, deep, compressed, ten thousand keys",
    12: "a key that was withdrawn",
    13: "another issuer, or nearly the right one",
    14: "another audience, or none, or of the wrong type",
    15: "times that are absent, no numbers, past or ahead",
    16: "`crit`, `b64: false`, detached content",
    17: "another kind of token (`typ`)",
    18: "members that stand twice",
    19: "another spelling of a token; JSON serialization",
    20: "a token too large to be looked at",
    21: "an envelope on a route of signed tokens; costly key derivation; compression",
    22: "ECDSA signatures of zeros, out of range, in ASN.1; a key of another curve",
    23: "a token in the query, in a cookie, in two fields, in a list; evidence that disagrees",
    24: "claims that would end a header line",
    25: "a decision of another issuer, audience, tenant or route",
    26: "a bound token without its certificate, or with another",
    27: "tenants and permissions that are absent, of the wrong type, wildcards or look-alikes",
    28: "keys and passwords that are nearly right; unknown users",
    29: "paths with dots, escaped or doubled slashes, or letters that fold into them",
    30: "`?` and `#` where a path is judged",
    31: "paths, hosts and methods in another case",
    32: "a climb out of the part that a rewritten path shows",
    33: "targets in other forms, CONNECT, TRACE and their like",
    34: "hosts that are absent, there twice, or can be read in two ways",
    35: "headers that tell another path or place",
    36: "headers that tell another method",
    37: "a way back that leads elsewhere",
    38: "requests that some let pass unjudged: OPTIONS, health checks, HEAD",
    39: "headers that say who the caller is, as only the gateway may",
    40: "the same in other spellings",
    41: "a `Connection` that names away what counts",
    42: "addresses, schemes and hosts that a caller tells of himself",
    43: "a certificate in a header, from whoever is not the proxy",
    44: "the caller's own credentials at the service; what the service is shown in answers, redirects, logs",
    45: "lines of a log that somebody else writes",
    46: "a body framed in two ways, or where some expect none",
    47: "lengths, sizes of chunks, extensions and trailers that can be read in two ways",
    48: "bare CR and LF, folded lines, NUL and other controls, names that are none",
    49: "changes of the protocol that nobody agreed to; h2c",
    50: "requests in a row, bodies that nobody wanted, `Expect`",
    51: "answers of an upstream that can be read in two ways, or are two",
    52: "heads of HTTP/2 that would be something else in HTTP/1.1",
    53: "floods of HTTP/2: resets, CONTINUATION, PING, SETTINGS, windows",
    54: "a host that the connection was not made for",
    55: "sessions that are taken up elsewhere, or after a revocation or a reload",
    56: "names that are absent, unknown or oddly spelt; a hello in pieces",
    57: "authorities and lists that are missing, empty, cut off or a stranger's; a vault that is down at the start",
    58: "certificates that are not fit for a client, or revoked, or below a revoked authority",
    59: "names in certificates that can be read in two ways, or only resemble the right one",
    60: "renegotiation, old versions, compression, early data, handshakes that stall",
    61: "heads, targets and bodies without an end; callers who stall or drip; too many connections",
    62: "compressed and endless answers of those who are asked",
    63: "what is told to operators, by another path or host",
    64: "hostile and broken files of configuration",
    65: "who is asked fails, is late, or answers nonsense",
}
"""Attacks by the number that they have in the markers. What is refused reaches no upstream."""

_PAGE: Final = """\
# Attacks

This page is generated from the markers of the tests (`make generate`). Each of these attacks fails, and a test sees
it fail: at a whole gateway (`tests/integration`: the answer, the log, and what reached the upstream, which is nothing),
and at the piece that is to stop it (`tests/unit`, `tests/conformance`). `make test ARGS="-m attack"` runs them.
`tests/integration/test_published_attacks.py` has what was published against other libraries and proxies, in octets.
"""


def marked(root: Path = ROOT / "tests") -> Iterator[tuple[int, str, str]]:
    """Return the number of an attack, a file and a test, for each marker."""
    for folder in ("unit", "conformance", "integration"):
        for file in sorted((root / folder).rglob("test_*.py")):
            text = file.read_text()
            if "mark.attack(" in text:
                yield from ((number, str(file.relative_to(root)), name) for number, name in _in(ast.parse(text)))


def _in(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for one in node.decorator_list:
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "attack":
                    yield from ((ast.literal_eval(argument), node.name) for argument in one.args)


def attacks_page() -> str:
    """Return the page."""
    tests: dict[int, list[str]] = {}
    for number, file, name in marked():
        tests.setdefault(number, []).append(f"`{name}` ({file})")
    rows = [f"| {number} | {what} | {'<br>'.join(tests.get(number, ['none']))} |" for number, what in ATTACKS.items()]
    return "\n".join((_PAGE, "| | attack | tests |", "|---|---|---|", *rows, ""))
