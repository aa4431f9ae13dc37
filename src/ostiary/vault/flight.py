"""One trip to the vault: for a longer lease, or for a record."""

from __future__ import annotations

from ostiary.vault.errors import SecretError, Unavailable
from ostiary.vault.freshness import State, exhausted, renews
from ostiary.vault.record import Lender, Provider, SecretRecord


async def fetch_or_renew(provider: Provider, path: str, version: int | None, state: State, now: float) -> SecretRecord:
    """Return the record with a longer lease, or a record fetched anew when there is no lease to speak of.

    Raises:
        SecretError: neither.
    """
    renewed = await _renewed(provider, state) if renews(state, now) else None
    if renewed is not None and not exhausted(renewed):
        return renewed
    try:
        return await provider.fetch(path, version)
    except Unavailable:
        if renewed is None:
            raise
        return renewed  # little, and better than nothing


async def _renewed(provider: Provider, state: State) -> SecretRecord | None:
    """Return the record with another end, or None when its lease is no more."""
    if state.record is None or not isinstance(provider, Lender):
        return None
    try:
        return await provider.renew(state.record)
    except Unavailable:
        raise
    except SecretError:
        return None
