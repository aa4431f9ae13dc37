"""One finding: what is wrong, with what, and which command mends it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509

from ostiary.pki.contents import Contents
from ostiary.pki.diagnosis.codes import CODES, Code
from ostiary.pki.subject import show_subject

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        name: its code.
        about: which certificate, list or key of the file.
        remedy: the command or the step that mends it, or "".
        detail: what was there, where that helps.
    """

    name: str
    about: str = ""
    remedy: str = ""
    detail: str = ""

    @property
    def code(self) -> Code:
        """Everything else about it."""
        return CODES[self.name]


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at.

    Attributes:
        name: of the file, as it was given.
        contents: what is in it.
        mode: its permissions, or None when it is no file.
        public: whether certificates lie in the same folder, beside it.
    """

    name: str
    contents: Contents
    mode: int | None = None
    public: bool = False


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> x509.Extension[_Extension] | None:
    """Return an extension, or None when it is absent."""
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def called(certificate: x509.Certificate) -> str:
    """Return how a certificate is called in a finding."""
    return show_subject(certificate.subject)


def readable(certificate: x509.Certificate) -> bool:
    """Whether names and extensions of a certificate can be read; they are parsed late."""
    try:
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    return True


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate says that it is an authority; X.509 v1, when it is its own issuer."""
    if certificate.version is x509.Version.v1:
        return certificate.issuer == certificate.subject
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.value.ca


def quoted(name: x509.Name) -> str:
    """Return a subject for a command line."""
    return shlex.quote(name.rfc4514_string())


def anew(certificate: x509.Certificate, purpose: str = "client") -> str:
    """Return the two commands that issue a certificate anew: the user's, and the authority's."""
    use = "" if purpose == "client" else " --for server"
    return f"ostiary certs request {quoted(certificate.subject)} --name NAME; ostiary certs sign NAME.csr{use}"


def authority_anew(certificate: x509.Certificate) -> str:
    """Return the command that renews an authority; with its name and key, all that it has issued stays valid."""
    return f"ostiary certs ca {quoted(certificate.subject)} --existing-key CA.key --folder NEW"
