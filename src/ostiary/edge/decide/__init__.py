"""The third edge: another proxy forwards, and asks here whether it may.

    ask -> dialect -> Asked -> Request -> the same pipeline -> what would have been sent upstream, as an answer

ask.py       what an ask says, and how a dialect reads it strictly
dialects/    one small file for each proxy: the head of its ask -> Asked, or why it is none
request.py   Asked -> Request, with the checks that every edge makes
permit.py    the end of the pipeline: in place of forwarding, every header that the policy owns is named
handler.py   one ask: read, decided, written to the log as the request that it was about
explain.py   the answer to a second ask, about a refusal: it cannot say yes
refusal.py   a refusal as a value, which the proxy holds between the two
trusted.py   who may ask: found out when a connection is accepted, before an octet of it is read
fastcgi.py   the same for those who ask by FastCGI; fastcgi_records.py  its records, as octets
grpc/        the same for those who ask by gRPC

Nothing is decided here. An answer "allowed" carries the injected credential in clear: it is for the proxy only.
"""
