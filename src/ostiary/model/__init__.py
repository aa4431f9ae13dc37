"""The words of the house, as types.

Each step hands over the ticket to the next: `Request -> Principal -> Permit -> Outbound`. Only an
authenticator makes a `Principal`, only a policy makes a `Permit`, and only a `Permit` opens an
`Outbound`. Everything here is a value or a contract; nothing here does input or output.

tickets.py    Request, Principal, Permit, Outbound, and the record of the way
contracts.py  what the rooms promise one another: Authenticator, Rule, Injector ...
exchange.py   what an edge and the upstream's side promise one another: Body, Answer, Flow, Tunnel
headers.py    the fields of a message
peer.py       who is on the line: Peer, Certificate, Local
secret.py     a secret, and the credential that it is half of
"""

from ostiary.model.contracts import Authenticator, CredentialSource, Injector, KeySource, Rule, SigningKey
from ostiary.model.exchange import Answer, Body, BodySink, Flow, Tunnel
from ostiary.model.headers import Headers, fold
from ostiary.model.peer import Certificate, Local, Peer
from ostiary.model.secret import Credential, Secret
from ostiary.model.tickets import NOTHING, Outbound, Permit, Principal, Record, Request, Trace

__all__ = [
    "NOTHING",
    "Answer",
    "Authenticator",
    "Body",
    "BodySink",
    "Certificate",
    "Credential",
    "CredentialSource",
    "Flow",
    "Headers",
    "Injector",
    "KeySource",
    "Local",
    "Outbound",
    "Peer",
    "Permit",
    "Principal",
    "Record",
    "Request",
    "Rule",
    "Secret",
    "SigningKey",
    "Trace",
    "Tunnel",
    "fold",
]
