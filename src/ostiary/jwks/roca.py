"""The fingerprint of RSA keys made by Infineon's broken library (CVE-2017-15361, "ROCA").

Its primes have the form k * M + (65537 ** a mod M), where M is a product of the first primes. So a
modulus made of two of them is a power of 65537 modulo each of these small primes, which a modulus
made of honest primes is by a chance of about 2 ** -27 (Nemec and others, "The Return of
Coppersmith's Attack", ACM CCS 2017).
"""

from __future__ import annotations

from typing import Final

_PRIMES: Final = tuple(p for p in range(3, 168) if all(p % d for d in range(2, p)))
_GENERATOR: Final = 65537


def _powers(prime: int) -> frozenset[int]:
    return frozenset(pow(_GENERATOR, exponent, prime) for exponent in range(prime - 1))


_REACHABLE: Final = tuple((prime, _powers(prime)) for prime in _PRIMES)


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether a modulus looks like one that can be factored from its public half."""
    return all(modulus % prime in powers for prime, powers in _REACHABLE)
