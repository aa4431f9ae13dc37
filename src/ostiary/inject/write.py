"""Writing into the head that goes upstream, and what may be written there."""

from __future__ import annotations

from ostiary.errors import CredentialUnavailable
from ostiary.model import Credential, Outbound, fold
from ostiary.reasons import Reason


def put(outbound: Outbound, name: bytes, value: bytes) -> None:
    """Write a header, as the only one of its name in any spelling.

    The upstream room has stripped what the caller sent; whatever is there nevertheless goes now.
    """
    headers, folded = outbound.headers, fold(name)
    if headers.get(folded) is not None:
        headers.fields = [field for field in headers.fields if field[1] != folded]
    headers.fields.append((name, folded, value))


def note(outbound: Outbound, credential: Credential) -> None:
    """Tell the log which credential was used: its alias and version, nothing of itself."""
    record = outbound.request.record
    record.credential = credential.alias
    record.credential_version = credential.version


def unusable(credential: Credential, why: str) -> CredentialUnavailable:
    """Return the refusal to send a credential that cannot be written as it is."""
    return CredentialUnavailable(
        f"credential {credential.alias} version {credential.version}: {why}", reason=Reason.CREDENTIAL_UNUSABLE
    )
