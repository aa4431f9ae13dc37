"""Every finding of `ostiary doctor`: its code, where it belongs, how bad it is, and what it means."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Group: TypeAlias = Literal[
    "certificate", "authority", "chain", "key", "crl", "file", "endpoint", "machine", "installed", "clock", "running"
]
Severity: TypeAlias = Literal["error", "warning", "note"]


class Code(NamedTuple):
    """One kind of finding.

    Attributes:
        name: D101.
        group: for `--only` and `--skip`.
        severity: error: it does not work. warning: it will not work some day, or not everywhere. note: worth knowing.
        text: what it means.
        forgiven: whether `profile: compat` puts up with it.
    """

    name: str
    group: Group
    severity: Severity
    text: str
    forgiven: bool = False


_ALL: Final = (
    Code("D101", "certificate", "error", "X.509 v1 has no extensions: nothing says what it is for.", forgiven=True),
    Code("D102", "certificate", "error", "Without extendedKeyUsage it may be used for anything.", forgiven=True),
    Code("D103", "certificate", "error", "Its extendedKeyUsage is for something else."),
    Code("D104", "certificate", "error", "anyExtendedKeyUsage alone says no more than nothing; OpenSSL refuses it."),
    Code("D105", "certificate", "error", "An authority is not a client: it could issue itself any name."),
    Code("D106", "certificate", "error", "TLS wants a signature, and its keyUsage does not allow one."),
    Code("D107", "certificate", "error", "It has expired."),
    Code("D108", "certificate", "error", "It is not valid yet, or the clock of this machine is wrong."),
    Code("D109", "certificate", "warning", "It expires within 30 days."),
    Code("D110", "certificate", "error", "The key is too weak: RSA of 2048 bits, EC P-256 or Ed25519 at least."),
    Code("D111", "certificate", "error", "The signature can be forged: SHA-256 at least."),
    Code("D112", "certificate", "error", "A serial number is positive, and of 20 octets at most.", forgiven=True),
    Code("D113", "certificate", "error", "It has no name at all, so it stands for nobody."),
    Code("D114", "certificate", "warning", "Only a common name, which is read in many ways; add a subjectAltName."),
    Code("D115", "certificate", "warning", "Two URIs: `subject: san.uri` refuses to choose between them."),
    Code("D116", "certificate", "warning", "spiffe:// that is no SPIFFE ID: other software will refuse it."),
    Code("D117", "certificate", "error", "A name with characters that do not print could pass for another one."),
    Code("D118", "certificate", "error", "With an empty subject, subjectAltName must be critical.", forgiven=True),
    Code("D119", "certificate", "warning", "Without authorityKeyIdentifier, chains with renewed authorities break."),
    Code("D120", "certificate", "error", "A critical extension that nobody here understands: it must be refused."),
    Code("D121", "certificate", "warning", "Valid for more than 825 days: a stolen key is of use for as long."),
    Code("D122", "certificate", "error", "Clients look for a server's name in subjectAltName only."),
    Code("D123", "certificate", "error", "Signed with its own key: no authority vouches for it."),
    Code("D124", "certificate", "error", "It ends before it begins."),
    Code("D125", "certificate", "error", "It cannot be read: not RFC 5280, or something stands in it twice."),
    Code("D201", "authority", "error", "An authority's keyUsage says that it may sign certificates.", forgiven=True),
    Code("D202", "authority", "error", "Its keyUsage forbids it to sign certificates."),
    Code("D203", "authority", "error", "basicConstraints of an authority must be critical.", forgiven=True),
    Code("D204", "authority", "error", "Nothing says that it is an authority (basicConstraints CA:TRUE)."),
    Code("D205", "authority", "error", "An authority is found by its subjectKeyIdentifier.", forgiven=True),
    Code("D206", "authority", "warning", "Its keyUsage lacks cRLSign, so that it can revoke nothing."),
    Code("D207", "authority", "warning", "It may have any number of authorities below it; --path-length 0 is enough."),
    Code("D221", "chain", "error", "The leaf must come first, then who issued it, and so on."),
    Code("D222", "chain", "error", "The signature is not its issuer's, although the name is."),
    Code("D223", "chain", "note", "The root need not be sent: who trusts it has it."),
    Code("D224", "chain", "error", "The authority above may have fewer authorities below it."),
    Code("D225", "chain", "warning", "It is valid longer than its authority."),
    Code("D226", "chain", "note", "Who issued it is not among the files, so the chain was not judged."),
    Code("D227", "chain", "warning", "It has nothing to do with the other certificates of its file."),
    Code("D228", "chain", "error", "The authority may not vouch for this name (nameConstraints)."),
    Code("D301", "key", "error", "The private key is another certificate's."),
    Code("D302", "key", "error", "Others on this machine can read the private key."),
    Code("D303", "key", "warning", "The private key is encrypted, and was not opened."),
    Code("D304", "key", "error", "An authority's private key lies among what is handed out."),
    Code("D305", "key", "note", "The private key does not belong to any certificate here."),
    Code("D401", "crl", "error", "The revocation list is overdue: `mode: hard` lets nobody in."),
    Code("D402", "crl", "error", "The revocation list does not say when the next one is due."),
    Code("D403", "crl", "error", "The revocation list begins in the future, or the clock is wrong."),
    Code("D404", "crl", "error", "The revocation list is not signed by the authority whose name it bears."),
    Code("D405", "crl", "error", "Indirect and partial revocation lists are not understood."),
    Code("D406", "crl", "warning", "The next revocation list is due within a day."),
    Code("D407", "crl", "warning", "The revocation list has no number, so that an old one can pass for a new one."),
    Code("D408", "crl", "error", "The certificate is revoked."),
    Code("D409", "crl", "error", "The authority's keyUsage forbids it to sign revocation lists."),
    Code("D501", "file", "error", "The file cannot be read or opened."),
    Code("D502", "file", "error", "A store without a private key, or without its certificate."),
    Code("D503", "file", "error", "The authorities between the certificate and the root are missing in the store."),
    Code("D504", "file", "warning", "JKS protects its keys badly (SHA-1); PKCS#12 is what Java uses now."),
    Code("D505", "file", "error", "Part of the file is cut off or cannot be read."),
    Code("D506", "file", "warning", "The file is DER; the gateway reads certificates and keys as PEM."),
    Code("D507", "file", "warning", "The same certificate stands in the file twice."),
    Code("D601", "endpoint", "error", "Nobody answers there."),
    Code("D602", "endpoint", "error", "There is no such host."),
    Code("D603", "endpoint", "error", "What answers does not speak TLS, or not with us."),
    Code("D604", "endpoint", "warning", "It does not offer TLS 1.3."),
    Code("D605", "endpoint", "error", "Its certificate is for other names."),
    Code("D606", "endpoint", "error", "It does not send the authorities between its certificate and the root."),
    Code("D607", "endpoint", "error", "None of the authorities has issued its certificate."),
    Code("D608", "endpoint", "error", "It wants a client certificate."),
    Code("D609", "endpoint", "error", "It refuses the client certificate."),
    Code("D610", "endpoint", "note", "It lets callers in without a client certificate."),
    Code("D611", "endpoint", "error", "Our key set is not where others look for it."),
    Code("D612", "endpoint", "error", "What stands where others look for our key set lacks keys that we sign with."),
    Code("D613", "endpoint", "error", "Redis does not answer, or cannot be believed: what counts once ends with 503."),
    Code("D701", "machine", "warning", "Few files may be open at a time, so that callers wait at the door."),
    Code("D702", "machine", "error", "A library is missing that the data path is made of."),
    Code("D703", "machine", "warning", "An OpenSSL that is older than 3.0 gets no corrections any more."),
    Code("D704", "machine", "warning", "OpenSSL of this machine accepts keys and hashes that can be broken."),
    Code("D705", "machine", "warning", "A crash would write private keys and passwords to the disk (core dumps)."),
    Code("D706", "machine", "warning", "Files that are made here can be written by others."),
    Code("D707", "machine", "warning", "It runs as root, and needs nothing that only root may."),
    Code("D711", "installed", "error", "Others can change the configuration: they decide who gets in."),
    Code("D712", "installed", "error", "Others on this machine can read a secret."),
    Code("D713", "installed", "warning", "What should outlive a restart is not kept, or not believed."),
    Code("D714", "installed", "error", "The configuration is from the future: the clock of this machine is wrong."),
    Code("D715", "installed", "error", "The configuration has mistakes."),
    Code("D716", "installed", "error", "No version of a key signs: what needs it ends with 503."),
    Code("D717", "installed", "warning", "The last version of a key ends within seven days."),
    Code("D721", "clock", "warning", "Its clock and ours differ: tokens and certificates will be refused."),
    Code("D731", "running", "warning", "The gateway that runs serves another configuration than the file says."),
)  # fmt: skip

CODES: Final = {code.name: code for code in _ALL}
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
