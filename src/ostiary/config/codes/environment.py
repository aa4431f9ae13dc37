"""C5xx: files and the environment."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

ENVIRONMENT: Final = (
    Code(
        "C501",
        "file cannot be read",
        "The file is not there, may not be read by this user, or is larger than 4 MiB. Relative paths count from the "
        "folder of the configuration file, not from where the command is run.",
        "certificate: file:server.pem        # lies in certs/",
        "certificate: file:certs/server.pem",
    ),
    Code(
        "C502",
        "no certificate in the file",
        "The file holds no certificate in PEM. For DER: `openssl x509 -inform der -in FILE -out FILE.pem`.",
        "authorities: [file:certs/ca.der]",
        "authorities: [file:certs/ca.pem]",
    ),
    Code(
        "C503",
        "key and certificate do not match",
        "The private key is another certificate's. Mostly one of the two was renewed and the other was not.",
        "certificate: file:new.pem\nprivate_key: file:old.key",
        "certificate: file:new.pem\nprivate_key: file:new.key",
    ),
    Code(
        "C504",
        "certificate out of date",
        "The server's certificate has expired, or is not valid yet: no client would connect.",
        "not after: yesterday",
        "not after: next year",
    ),
    Code(
        "C505",
        "authority out of date",
        "The authority has expired, or is not valid yet: none of its certificates would be accepted. A warning while "
        "another authority of the same list still holds.",
        "authorities: [file:ca-2019.pem]",
        "authorities: [file:ca-2026.pem]",
    ),
    Code(
        "C506",
        "not an authority",
        "The certificate may not issue others (RFC 5280, section 4.2.1.9), so nothing could be verified with it. Only "
        "`trusted` of an upstream may hold the certificate of a server itself.",
        "authorities: [file:server.pem]",
        "authorities: [file:ca.pem]",
    ),
    Code(
        "C507",
        "environment variable not set",
        "The reference `env:NAME` leads nowhere: the variable is not set, or empty, where the command runs.",
        "$ ostiary serve gateway.yaml",
        '$ OSTIARY_MASTER_KEY="$(cat key)" ostiary serve gateway.yaml',
    ),
    Code(
        "C508",
        "empty secret",
        "The file of a secret is empty. Nothing is ever sent empty.",
        "$ : > role",
        "$ echo ... > role",
    ),
    Code(
        "C509",
        "not a revocation list",
        "The file is not a certificate revocation list, in PEM or DER.",
        "crls: [file:ca.pem]",
        "crls: [file:ca.crl]",
    ),
    Code(
        "C510",
        "revocation list of somebody else",
        "The list is of an authority that is not among `authorities`, so it revokes nothing here.",
        "authorities: [file:ca.pem]\nrevocation: {crls: [file:other.crl]}",
        "authorities: [file:ca.pem]\nrevocation: {crls: [file:ca.crl]}",
    ),
    Code(
        "C511",
        "old revocation list",
        "The list was to be replaced already. A warning with `mode: soft`. With `mode: hard` no "
        "certificate of that authority is "
        "accepted until it is.",
        "next update: yesterday",
        "next update: next week",
    ),
    Code(
        "C512",
        "configuration cannot be read",
        "The configuration file itself is not there, or may not be read.",
        "$ ostiary check gatway.yaml",
        "$ ostiary check gateway.yaml",
    ),
    Code(
        "C513",
        "no revocation list",
        "With `mode: hard` an authority without a revocation list lets nobody in, since nobody can say "
        "what it revoked.",
        "authorities: [file:ca.pem, file:new-ca.pem]\nrevocation: {crls: [file:ca.crl]}",
        "authorities: [file:ca.pem, file:new-ca.pem]\nrevocation: {crls: [file:ca.crl, file:new-ca.crl]}",
    ),
    Code(
        "C514",
        "no vault",
        "There is no local vault at this path. It is made by the first `ostiary vault put`.",
        "path: var/vault.db          # not there",
        "$ ostiary vault put --config gateway.yaml reports",
    ),
    Code(
        "C515",
        "private key cannot be read",
        "The file holds no private key in PEM, or it is encrypted and `password` is missing or wrong.",
        "private_key: file:server.key      # encrypted",
        "private_key: file:server.key\npassword: env:KEY_PASSWORD",
    ),
    Code(
        "C516",
        "PKCS#12 cannot be opened",
        "The file is not PKCS#12, the password is wrong, or it lacks the certificate or its key.",
        "pkcs12: file:server.p12",
        "pkcs12: file:server.p12\npassword: env:P12_PASSWORD",
    ),
    Code(
        "C517",
        "not a master key",
        "A master key is 32 octets in base64. `ostiary vault key` makes one; a pass phrase is not one.",
        "$ export OSTIARY_MASTER_KEY=correct-horse",
        '$ export OSTIARY_MASTER_KEY="$(ostiary vault key)"',
    ),
    Code(
        "C518",
        "a vault that others can reach",
        "Others on the machine can read the vault, or put another file in its place.",
        "-rw-r--r-- vault.db",
        "-rw------- vault.db",
    ),
    Code(
        "C521",
        "a file of keys without keys",
        "`jwks_file` is a key set (JSON), certificates or public keys (PEM); `decryption_keys` are private keys "
        "(PEM, without a password). This file is neither.",
        "jwks_file: file:keys.txt",
        "jwks_file: file:keys.json",
    ),
    Code(
        "C522",
        "a revocation list that is not complete",
        "An indirect list, or one for some certificates or reasons only, does not say who else is revoked, so it is "
        "not read in part. A delta counts beside the complete list that it builds on, or a later one (RFC 5280, "
        "section 5).",
        "crls: [file:delta.crl]",
        "crls: [file:ca.crl, file:delta.crl]",
    ),
    Code(
        "C523",
        "no such user or group",
        "Processes and files of this machine belong to users and groups that it knows. A number needs no name.",
        "local: {users: [wwwdata]}",
        "local: {users: [www-data]}",
    ),
)
