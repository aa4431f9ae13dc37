"""Asks by gRPC: Envoy calls envoy.service.auth.v3.Authorization/Check over HTTP/2.

    octets -> framing -> CheckRequest -> Check -> dialect -> the same decision -> CheckResponse -> framing -> octets

service.py      which method is called, and by what call
call.py         one call: its message is read, decided, answered, within the time that the caller gives
framing.py      messages in the content of an exchange: a prefix of five octets before each
status.py       how a call ends: codes, and the trailers that say them
codec.py        CheckRequest -> Check, and back: what is answered -> CheckResponse
check.py        what an ask says, as plain values
answer.py       what the gateway says, as the end of a call
changes.py      what a permit changes of the request's head, as the proxy has to change it
messages.py     the messages of Envoy (protobuf); messages.proto, and descriptors.py, which is made of it

HTTP/2 is the edge's own: here is what stands in an exchange, and nothing of gRPC's libraries. What is no call, no
message or no CheckRequest ends with a status of gRPC that is not OK; Envoy lets nothing pass on it.
"""
