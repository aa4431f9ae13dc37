"""How each command looks when somebody types it. Every line is one that the command understands."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    # Run
    "serve": (
        "ostiary serve                                         # gateway.yaml of this folder",
        "ostiary serve /etc/ostiary/gateway.yaml --workers 4   # one process for each core",
        "ostiary serve gateway.yaml --overlay production.yaml",
        "ostiary serve >> access.log 2>> gateway.log",
    ),
    "init": (
        "ostiary init first                                    # callers show certificates",
        "ostiary init first --preset keycloak                  # callers show tokens",
        "ostiary init first --bind 0.0.0.0:8443 --host api.example.com --upstream http://10.0.0.5:8080",
    ),
    "demo": (
        "ostiary demo                                          # the tour; then try it yourself",
        "ostiary demo --once --json                            # did everything come out right?",
        "ostiary demo --keep demo                              # leave the files, to look at them",
    ),
    # Understand
    "check": (
        "ostiary check                                         # gateway.yaml of this folder",
        "ostiary check gateway.yaml --overlay production.yaml",
        "envsubst < template.yaml | ostiary check -            # relative paths count from here",
        "ostiary check --format github --warn-as-error         # in a workflow",
    ),
    "explain": (
        "ostiary explain GET https://api.example.com/accounts/7 --cert alice.pem --token alice.jwt",
        "ostiary explain --curl 'curl -H \"Authorization: Bearer x\" https://api.example.com/'",
        "ostiary explain GET https://api.example.com/ --at 2026-12-31T23:59Z --expect deny",
        "ostiary explain --request-id 01JD8K --admin http://127.0.0.1:9444",
    ),
    "doctor": (
        "ostiary doctor gateway.yaml                           # the machine, its files, its servers",
        "ostiary doctor client.pem client.key ca.pem           # do these belong together?",
        "ostiary doctor api.example.com:443 --for server",
        "ostiary doctor gateway.yaml --skip endpoint --skip clock",
    ),
    "status": (
        "ostiary status                                        # of the gateway of this folder",
        "ostiary status --watch                                # until Ctrl-C",
        "ostiary status --admin http://127.0.0.1:9444 --json",
    ),
    "issuer check": (
        "ostiary issuer check bank",
        "ostiary issuer check bank --token alice.jwt           # and is this token one of its own?",
    ),
    "help": (
        "ostiary help C204                                     # a code of `ostiary check`",
        "ostiary help token.expired                            # a reason of the log",
        "ostiary help vault put                                # a command",
        "ostiary help                                          # every code, reason and finding",
    ),
    "version": ("ostiary version --json",),
    "audit verify": (
        "ostiary audit verify audit.log",
        "ostiary audit verify audit.log.1 audit.log            # the oldest first",
    ),
    # Certificates and secrets
    "token key": ("ostiary token key", "ostiary token key --json"),
    "token digest": ("ostiary token digest --secret-file key.txt",),
    "token password": ("ostiary token password                                # asks for it",),
    "token show": ("ostiary token show alice.jwt", "pbpaste | ostiary token show -"),
    "vault put": (
        "ostiary vault put reports --id svc                    # asks for the secret",
        'printf %s "$SECRET" | ostiary vault put reports --id svc --secret-stdin',
    ),
    "vault get": (
        "ostiary vault get reports                             # everything but the secret",
        "ostiary vault get reports --field secret              # raw, for a script",
        "ostiary vault get reports --version 2 --reveal",
    ),
    "vault list": ("ostiary vault list", "ostiary vault list --json"),
    "vault test": (
        "ostiary vault test                                    # every credential of the file",
        "ostiary vault test reports accounts",
    ),
    "vault rotate": ("ostiary vault rotate reports --secret-file new.txt",),
    "vault enable": ("ostiary vault enable reports --version 2",),
    "vault disable": ("ostiary vault disable reports --version 2",),
    "vault destroy": (
        "ostiary vault destroy reports --version 1",
        "ostiary vault destroy reports --all --yes",
    ),
    "vault key": ("ostiary vault key --out master.key",),
    "vault rekey": ("ostiary vault rekey",),
    "keys generate": (
        "ostiary keys generate identity",
        "ostiary keys generate identity --kind rsa-3072 --days 365",
    ),
    "keys import": ("ostiary keys import identity old.p12 --password-file old.password",),
    "keys list": ("ostiary keys list", "ostiary keys list identity --json"),
    "keys rotate": (
        "ostiary keys rotate identity                          # signs when everybody can have seen it",
        "ostiary keys rotate identity --now                    # it has leaked",
    ),
    "keys enable": ("ostiary keys enable identity --version 2",),
    "keys disable": ("ostiary keys disable identity --version 2",),
    "keys destroy": ("ostiary keys destroy identity --version 1",),
    "keys jwks": ("ostiary keys jwks > jwks.json",),
    "keys trust": ("ostiary keys trust trusted.pem https://partner.example/keys partner.pem",),
    "revoke token": (
        "ostiary revoke token stolen.jwt --note 'laptop lost'",
        "ostiary revoke token --issuer https://id.example.com --jti 4711 --for 30d",
    ),
    "revoke subject": ("ostiary revoke subject alice --issuer https://id.example.com --for 30d",),
    "revoke certificate": ("ostiary revoke certificate alice.pem",),
    "revoke list": ("ostiary revoke list --json",),
    "revoke undo": ("ostiary revoke undo 3f9a",),
    "certs ca": (
        "ostiary certs ca 'Example Root'",
        "ostiary certs ca 'Example Root' --folder root --key-file offline/root.key",
        "ostiary certs ca 'Example Clients' --folder clients --below root",
    ),
    "certs request": (
        "ostiary certs request CN=alice --name alice --uri spiffe://example.com/alice",
        "ostiary certs request --name server --dns api.example.com",
    ),
    "certs sign": (
        "ostiary certs sign alice.csr                          # shows it, and asks",
        "ostiary certs sign server.csr --for server --days 90 --yes",
    ),
    "certs revoke": ("ostiary certs revoke alice.crt --reason keyCompromise",),
    "certs crl": ("ostiary certs crl --ca pki --days 7",),
    "certs list": ("ostiary certs list", "ostiary certs list --within 30d"),
    "certs inspect": ("ostiary certs inspect alice.crt                       # and who she would be",),
    "certs check": ("ostiary certs check pki/*.pem --within 14d            # exit code 1 when one ends",),
    # Move
    "import cosmian": (
        "ostiary import cosmian --from-toml kms.toml > gateway.yaml",
        "ostiary import cosmian --from-env kms.env --semantics cascade",
    ),
    "export envoy": (
        "ostiary export envoy > envoy.yaml",
        "ostiary export envoy --report                         # which clause is held by whom",
        "ostiary export envoy --out /run/envoy --watch         # and keep its secrets fresh",
    ),
    "recipe": (
        "ostiary recipe nginx --listen 0.0.0.0:443 > /etc/nginx/conf.d/front.conf",
        "ostiary recipe envoy-grpc",
        "ostiary recipe nginx --lint /etc/nginx/nginx.conf     # does anything run ahead of us?",
    ),
    "schema": (
        "ostiary schema > schema.json",
        "ostiary schema --command 'vault list'                 # of what it prints with --json",
    ),
    "completion": (
        "ostiary completion bash > ~/.local/share/bash-completion/completions/ostiary",
        "source <(ostiary completion bash)                     # for this shell only",
    ),
}
