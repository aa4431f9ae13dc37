"""What ignoring a mistake would have meant, by the key that was meant. Only where it weakens a door."""

from __future__ import annotations

from typing import Final

NOTES: Final = {
    "authorize": "as written this route would have had NO authorization rules",
    "authenticate": "as written this route would have authenticated NOBODY",
    "tls": "as written this listener would have had NO TLS",
    "client": "as written NO client certificate would have been asked for",
    "authorities": "as written it would have been open whose certificates count",
    "revocation": "as written revoked certificates would have been accepted",
    "crls": "as written revoked certificates would have been accepted",
    "mode": "as written the default would have held, whatever was meant here",
    "profile": "as written the default would have held, whatever was meant here",
    "minimum_version": "as written TLS 1.2 would have been accepted",
    "audiences": "as written tokens for any other service would have been accepted",
    "algorithms": "as written the default algorithms would have been accepted",
    "types": "as written the default token types would have been accepted",
    "allow": "as written every certificate of the authority would have been accepted",
    "bound": "as written a stolen token might have been accepted with another certificate",
    "methods": "as written this route would have matched EVERY method",
    "host": "as written this route would have matched EVERY host",
    "trusted": "as written any server that the system trusts would have been accepted",
    "server_name": "as written another name of the server would have been verified",
    "version": "as written the newest version would have been used, not the pinned one",
    "max_stale": "as written the default would have held for stale copies",
    "master_key": "as written nothing would have protected the vault",
}
