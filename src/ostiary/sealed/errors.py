"""What a vault answers when it does not answer with a record.

    SecretError
      NotFound        there never was such a record
      Destroyed       there was, and it is gone
      AccessDenied    there is, and we may not have it
      Misconfigured   the question makes no sense to this vault
        NoVault         there is no vault in the file yet
      Tampered        what is stored does not match its seal
      Unavailable     the vault cannot say right now
        Sealed          it is locked
        Throttled       it is asked too often

Only the branch of `Unavailable` is transient: a copy may be used a while longer. Everything else
takes effect at once. The texts are for the log and hold no secret.
"""

from __future__ import annotations

from typing import ClassVar

from ostiary.reasons import Reason


class SecretError(Exception):
    """A vault did not give a record.

    Attributes:
        transient: whether the answer says nothing about the record, so that a copy may still be used.
        reason: what the log and the caller are told when no copy is left.
    """

    transient: ClassVar[bool] = False
    reason: ClassVar[Reason] = Reason.CREDENTIAL_MISSING


class NotFound(SecretError):
    """There is no such record."""


class Destroyed(SecretError):
    """The record, or the version asked for, was deleted or destroyed."""


class AccessDenied(SecretError):
    """The vault refuses: a policy, a dead login, a disabled version."""


class Misconfigured(SecretError):
    """The vault does not understand: wrong mount, wrong engine, no vault at all."""


class NoVault(Misconfigured):
    """The file has no vault in it yet."""


class Tampered(SecretError):
    """What is stored was changed by somebody without the key, or is damaged."""


class Unavailable(SecretError):
    """The vault cannot say right now.

    Attributes:
        retry_after: seconds the vault asks us to wait, or None.
    """

    transient = True
    reason = Reason.CREDENTIAL_UNAVAILABLE

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Sealed(Unavailable):
    """The vault is locked, or locked with a key that we do not have."""


class Throttled(Unavailable):
    """The vault is asked too often (RFC 6585, section 4)."""
