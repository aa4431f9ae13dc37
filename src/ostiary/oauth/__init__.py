"""What can the gateway be given by an issuer? It is a client of OAuth here, not a judge of tokens.

client.py    how it proves itself: a secret, a signed assertion, its certificate
post.py      one bounded question, one answer
metadata.py  where an issuer's endpoints are
grant.py     what an answer of a token endpoint means
endpoint.py  a token endpoint
token.py     the gateway's own token, kept fresh
exchange.py  tokens in exchange for those of callers
"""

from ostiary.oauth.compile import compile_exchange, compile_token
from ostiary.oauth.exchange import ExchangedTokens
from ostiary.oauth.token import ClientToken

__all__ = ["ClientToken", "ExchangedTokens", "compile_exchange", "compile_token"]
