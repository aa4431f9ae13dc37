"""A small authority that lives in a folder, and remembers.

    FOLDER/ca.pem              its certificate, for everybody
    FOLDER/ca.crl              its newest revocation list, for everybody
    FOLDER/chain.pem           itself and what stands between it and the root, if it is not one: sent with a leaf
    FOLDER/register.json       what it has issued and revoked
    FOLDER/private/ca.key      its private key, for the owner only; or wherever it was put

One process at a time changes it: whoever comes second waits. The register is written before what it speaks
of is handed out, so that nothing is ever issued, and then forgotten, when the machine stops in between.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.model import Secret
from ostiary.pki import extensions
from ostiary.pki.authority import Authority, utc_now
from ostiary.pki.errors import PkiError
from ostiary.pki.files import write_certificates, write_crl, write_private, write_public
from ostiary.pki.keys import PrivateKey, private_pem
from ostiary.pki.register import Register, Why
from ostiary.pki.request import Wish

Purpose: TypeAlias = Literal["client", "server"]

KEY: Final = "private/ca.key"
_EARLY: Final = timedelta(minutes=5)
_PURPOSES: Final = {"client": extensions.CLIENT, "server": extensions.SERVER}
_KEYS: Final = get_args(PrivateKey)


@dataclass(frozen=True, slots=True)
class AuthorityFolder:
    """An authority's folder.

    Attributes:
        path: where it is.
        password: opens its private key, if that is encrypted.
        clock: what time it is.
    """

    path: Path
    password: Secret | None = None
    clock: Callable[[], datetime] = field(default=utc_now, repr=False)

    @property
    def certificate(self) -> Path:
        """Its certificate."""
        return self.path / "ca.pem"

    @property
    def crl(self) -> Path:
        """Its newest revocation list."""
        return self.path / "ca.crl"

    @property
    def _chain(self) -> Path:
        return self.path / "chain.pem"

    @property
    def _register(self) -> Path:
        return self.path / "register.json"

    def create(self, authority: Authority, register: Register, *, crl_days: float) -> None:
        """Write a new authority down, with its first revocation list.

        Args:
            authority: its certificate and key.
            register: an empty one, which says where the key goes.
            crl_days: until its second revocation list is due.

        Raises:
            PkiError: there is an authority, or the key, already.
            OSError: something cannot be written.
        """
        key = self.path / register.key
        for file in (self.certificate, self._register, key):
            if file.exists():
                raise PkiError(f"{file} is there already; nothing was changed", hint="take another folder")
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            write_private(key, private_pem(authority.key, self.password))
            self._save(register)
            write_certificates(self.certificate, [authority.certificate])
            if authority.chain:
                write_certificates(self._chain, authority.chain)
            self._publish(authority, register, crl_days)

    def sign(
        self,
        wish: Wish,
        *,
        days: float,
        purpose: Purpose = "client",
        subject: x509.Name | None = None,
        names: Iterable[x509.GeneralName] | None = None,
    ) -> x509.Certificate:
        """Return a new certificate, once it stands in the register.

        Args:
            wish: what was asked for.
            days: how long it is valid.
            purpose: what it is for.
            subject: in place of the one that was asked for.
            names: in place of the alternative names that were asked for.

        Raises:
            PkiError: it would outlive the authority, or the authority's files cannot be used.
            OSError: something cannot be read or written.
        """
        with self._alone():
            register, authority = self._open()
            _require_shorter(authority, self.clock() + timedelta(days=days))
            named = wish.subject if subject is None else subject
            marks = [
                *extensions.leaf(_PURPOSES[purpose]),
                *extensions.alternative_names(wish.names if names is None else names, subject_empty=not list(named)),
                *extensions.published(register.crl_url, register.ocsp_url),
            ]
            certificate = authority.issue(named, wish.key, marks, days=days)
            self._save(register.issued(certificate))
        return certificate

    def sign_authority(self, subject: x509.Name, key: PrivateKey, *, days: float, path_length: int | None) -> Authority:
        """Return a new authority below this one, once it stands in the register.

        Args:
            subject: its name.
            key: its private key.
            days: how long it is valid.
            path_length: how many authorities may stand below it; None for any number.

        Raises:
            PkiError: this one may have no such authority below it, or its files cannot be used.
            OSError: something cannot be read or written.
        """
        with self._alone():
            register, authority = self._open()
            _require_shorter(authority, self.clock() + timedelta(days=days))
            _require_room(authority.certificate, path_length)
            marks = [*extensions.authority(path_length), *extensions.published(register.crl_url, register.ocsp_url)]
            certificate = authority.issue(subject, key.public_key(), marks, days=days)
            self._save(register.issued(certificate))
        return Authority(certificate, key, chain=(certificate, *self.chain()), clock=self.clock)

    def chain(self) -> tuple[x509.Certificate, ...]:
        """Return what is sent with a leaf of this authority; nothing when it is a root."""
        if not self._chain.exists():
            return ()
        return tuple(x509.load_pem_x509_certificates(self._chain.read_bytes()))

    def revoke(self, serial: int, why: Why, *, crl_days: float) -> Register:
        """Strike a certificate out, publish a new revocation list, and return the register.

        Raises:
            PkiError: it was not issued here, or the authority's files cannot be used.
            OSError: something cannot be read or written.
        """
        with self._alone():
            register, authority = self._open()
            struck = register.revoke(serial, self.clock().timestamp(), why)
            return self._publish(authority, struck, crl_days)

    def publish(self, *, days: float) -> Register:
        """Write a new revocation list, and return the register.

        Raises:
            PkiError: the authority's files cannot be used.
            OSError: something cannot be read or written.
        """
        with self._alone():
            register, authority = self._open()
            return self._publish(authority, register, days)

    def register(self) -> Register:
        """Return the register.

        Raises:
            PkiError: there is none, or it cannot be read.
        """
        try:
            return Register.from_json(self._register.read_text(encoding="utf-8"))
        except FileNotFoundError:
            hint = "`ostiary certs ca` makes one; --ca names its folder"
            raise PkiError(f"there is no authority in {self.path}", hint=hint) from None

    def root(self) -> x509.Certificate:
        """Return the authority's certificate.

        Raises:
            PkiError: it cannot be read.
        """
        try:
            return x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except ValueError:
            raise PkiError(f"{self.certificate} holds no certificate") from None

    def _open(self) -> tuple[Register, Authority]:
        register = self.register()
        key = read_key(self.path / register.key, self.password)
        certificate = self.root()
        if certificate.public_key() != key.public_key():
            raise PkiError(f"{self.path / register.key} is not the key of {self.certificate}")
        return register, Authority(certificate, key, clock=self.clock)

    def _publish(self, authority: Authority, register: Register, days: float) -> Register:
        now = self.clock()
        numbered = register.next_list()
        self._save(numbered)
        crl = authority.sign_crl(numbered.revoked(), numbered.number, now - _EARLY, now + timedelta(days=days))
        write_crl(self.crl, crl)
        return numbered

    def _save(self, register: Register) -> None:
        write_public(self._register, register.as_json().encode())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder for as long as the block runs."""
        if not self.path.is_dir():
            raise PkiError(f"there is no folder {self.path}", hint="`ostiary certs ca` makes an authority in one")
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def read_key(path: Path, password: Secret | None) -> PrivateKey:
    """Return the private key of a PEM file.

    Raises:
        PkiError: it cannot be read, or not with this password, or is of a kind that is not used here.
        OSError: the file cannot be read.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None if password is None else password.reveal())
    except TypeError:
        wrong = "is encrypted; give its --password" if password is None else "is not encrypted; leave --password out"
        raise PkiError(f"the private key {path} {wrong}") from None
    except (ValueError, UnsupportedAlgorithm):
        raise PkiError(f"{path} holds no PEM private key that this password opens") from None
    if not isinstance(key, _KEYS):
        raise PkiError(f"the private key {path} is of a kind that is not used here: take EC P-256, RSA or Ed25519")
    found: PrivateKey = key
    return found


def _require_room(above: x509.Certificate, path_length: int | None) -> None:
    room = above.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    if room is not None and (path_length is None or path_length >= room):
        hint = "make the upper one with a larger --path-length" if room == 0 else f"at most --path-length {room - 1}"
        raise PkiError(f"the authority above allows {room} below it", hint=hint)


def _require_shorter(authority: Authority, end: datetime) -> None:
    last = authority.certificate.not_valid_after_utc
    if end > last:
        left = (last - authority.clock()).days
        raise PkiError(
            f"the certificate would outlive its authority, which ends on {last:%Y-%m-%d}",
            hint=f"at most --days {left}" if left > 0 else "make a new authority: `ostiary certs ca`",
        )
