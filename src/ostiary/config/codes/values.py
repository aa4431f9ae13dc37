"""C120 to C139: the small words of the language."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

VALUES: Final = (
    Code(
        "C121",
        "not a duration",
        "A duration is a number with its unit: ms, s, m, h or d. Without a unit nobody knows what was meant.",
        "connect: 2",
        "connect: 2s",
    ),
    Code(
        "C122",
        "not a size",
        "A size is a whole number with its unit: B, KiB, MiB, GiB (1024) or KB, MB, GB (1000).",
        "headers: 32768",
        "headers: 32KiB",
    ),
    Code(
        "C123",
        "literal secret",
        "A secret in the file is known to everybody who can read it, its copies and its history. Write "
        "where the secret "
        "is kept: `env:NAME` or `file:PATH`. If a secret stood here, it is known by now: change it.",
        "token: hvs.CAESI...",
        "token: env:VAULT_TOKEN",
    ),
    Code(
        "C124",
        "not a reference to a file",
        "A file is written `file:PATH`; relative paths count from the folder of the configuration file.",
        "certificate: certs/server.pem",
        "certificate: file:certs/server.pem",
    ),
    Code(
        "C125",
        "not an address to listen on",
        "An address is IP:PORT. Names are refused: what is bound must be plain to see. A listener may have the path of "
        "a unix socket instead: unix:/PATH, from the root and no longer than unix(7) allows.",
        "bind: localhost:8443",
        "bind: 127.0.0.1:8443",
    ),
    Code(
        "C126",
        "not a URL",
        "A URL has its scheme (http or https) and a host, and here neither user, password nor fragment. "
        "An endpoint has "
        "no path either: what the caller asked for is forwarded as it is.",
        "endpoints: [10.0.0.5:9000]",
        "endpoints: [http://10.0.0.5:9000]",
    ),
    Code(
        "C127",
        "not a host",
        "A host is a name or an address, without scheme and port; `*.` before it stands for any one label.",
        "host: https://api.example.com",
        "host: api.example.com",
    ),
    Code(
        "C128",
        "not a path",
        "A path starts with / and is compared with the decoded path of a request. `*` is any one "
        "segment, `/**` at the "
        "end any rest. Nothing else is special: no regular expressions.",
        "path: accounts/**",
        "path: /accounts/**",
    ),
    Code(
        "C129",
        "not a header that can be written",
        "The name is no header name (RFC 9110, section 5.1), or a header that frames or routes the message, such as "
        "Content-Length, Transfer-Encoding or Host.",
        "header: {name: Transfer-Encoding, value: chunked}",
        'header: {name: X-Subject, value: "{principal.subject}"}',
    ),
    Code(
        "C130",
        "not a method",
        "Methods are case-sensitive and written in capitals (RFC 9110, section 9.1). CONNECT and TRACE "
        "are never forwarded.",
        "methods: [get]",
        "methods: [GET]",
    ),
    Code(
        "C131",
        "not a name",
        "Names of entries are small letters and digits, with - _ . between them, at most 64: they go "
        "into logs and metrics.",
        "name: Accounts Read",
        "name: accounts-read",
    ),
    Code("C132", "number out of range", "The number is outside of what this place takes.", "depth: 99", "depth: 4"),
    Code(
        "C133",
        "text too short or too long",
        "An empty text means nothing here, and 1024 characters are the most.",
        'subject: ""',
        "subject: alice",
    ),
    Code(
        "C134",
        "not a network",
        "Addresses of proxies are written as CIDR. 0.0.0.0/0 and ::/0 are refused: they are everybody.",
        "networks: [0.0.0.0/0]",
        "networks: [10.0.0.0/8, 2001:db8::/32]",
    ),
    Code(
        "C345",
        "not an address, a time or a zone",
        "Conditions of place and time name networks, times of day in quotes, and time zones that this machine knows.",
        "source: [10.0.0.1/8]",
        "source: [10.0.0.0/8]",
    ),
    Code(
        "C346",
        "a time that never is",
        "The time begins when it ends, so nobody ever may. For the whole day leave both out.",
        'time: {begin: "08:00", end: "08:00"}',
        'time: {begin: "08:00", end: "18:00"}',
    ),
    Code(
        "C135",
        "not a file's permissions",
        "Permissions are octal digits in quotes. Without quotes, YAML 1.2 reads a number to the base of ten.",
        "mode: rw-rw----",
        'mode: "0660"',
    ),
    Code(
        "C136",
        "not a user or a group",
        "A user or a group of this machine is its name or its number.",
        "users: [www data]",
        "users: [www-data]",
    ),
    Code(
        "C139",
        "not a protocol to change to",
        "After `101 Switching Protocols` the gateway carries octets it does not read (RFC 9110, section 7.8). A "
        "protocol that carries requests, such as h2c, would let them pass without anybody judging them.",
        "upgrades: [h2c]",
        "upgrades: [websocket]",
    ),
)
