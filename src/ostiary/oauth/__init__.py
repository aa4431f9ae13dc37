"""What can the gateway be given by an issuer? It is a client of OAuth here, not a judge of tokens.

compile.py   from what an injector says to where its tokens come from
client.py    how it proves itself: a secret, a signed assertion, its certificate
post.py      one bounded question, one answer
metadata.py  where an issuer's endpoints are
grant.py     what an answer of a token endpoint means
endpoint.py  a token endpoint
token.py     the gateway's own token, kept fresh
callers.py   tokens for each caller: what they are kept in
exchange.py  ... in exchange for the callers' own
each.py      ... where each caller has a client of its own
"""

from ostiary.oauth.compile import compile_caller_tokens, compile_exchange, compile_token
from ostiary.oauth.each import CallerTokens
from ostiary.oauth.exchange import ExchangedTokens
from ostiary.oauth.token import ClientToken

__all__ = [
    "CallerTokens",
    "ClientToken",
    "ExchangedTokens",
    "compile_caller_tokens",
    "compile_exchange",
    "compile_token",
]
