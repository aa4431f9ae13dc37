"""TLS handshakes in memory: both ends in one thread, no sockets."""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.support.pki import Files, root

from ostiary.config.schema import ClientSpec, ListenerTlsSpec
from ostiary.listener.tls import ServerTls, compile_tls
from ostiary.model import Peer
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import chain_pem
from ostiary.pki.keys import private_pem


def server_tls(
    folder: Path, *authorities: Authority, minimum: str = "1.2", clock=None, ciphers=None, **client
) -> ServerTls:
    """A listener's TLS that trusts these authorities; `client` goes into `tls.client`."""
    files = Files(folder)
    certificate, key = files.server(root().issue_server("localhost", "127.0.0.1"))
    trusted = [files.ca(one, name=f"ca{number}.pem") for number, one in enumerate(authorities)]
    asked = {"mode": "required", "authorities": trusted} if trusted else {}
    spec = ListenerTlsSpec(
        certificate=certificate,
        private_key=key,
        minimum_version=minimum,
        ciphers=ciphers,
        client=ClientSpec.model_validate({**asked, **client}),
    )
    return compile_tls(spec, folder) if clock is None else compile_tls(spec, folder, clock=clock)


def client_context(identity: Identity | None = None, folder: Path | None = None) -> ssl.SSLContext:
    """A client that trusts anybody: what is tested is the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # so that weak certificates are sent, and refused by the server
    if identity is not None:
        assert folder is not None
        path = folder / "shown.pem"
        path.write_bytes(chain_pem(identity) + private_pem(identity.key))
        context.load_cert_chain(path)
    return context


def shake(
    server: ssl.SSLContext, client: ssl.SSLContext, *, name: str | None = None, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Return both ends of a connection whose handshake is done, or raise the server's error."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name, session=session),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    for _ in range(10):
        for end in tuple(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
    assert not waiting, "the handshake stalled"
    return ends[1], ends[0]


def peer_of(tls: ServerTls, client: ssl.SSLContext, **how) -> Peer:
    """The peer that a server sees."""
    return tls.peer(shake(tls.context, client, **how)[0], "127.0.0.1")
