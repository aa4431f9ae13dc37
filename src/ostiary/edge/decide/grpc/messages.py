"""The messages of Envoy, as classes of protobuf: an extra, `ostiary[grpc]`.

They are kept in a pool of their own. Whoever embeds this gateway may have Envoy's own messages in the process, and
two descriptions of one name in one pool are an error.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.edge.decide.grpc.descriptors import DESCRIPTORS
from ostiary.errors import ConfigError

try:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from google.protobuf.message import DecodeError
except ImportError:
    raise ConfigError("decide: envoy-grpc needs an extra: pip install 'ostiary[grpc]'") from None

_PACKAGE: Final = "envoy.service.auth.v3"


def _pool() -> descriptor_pool.DescriptorPool:
    pool = descriptor_pool.DescriptorPool()
    for one in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS).file:
        pool.Add(one)
    return pool


_POOL: Final = _pool()


def _named(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


CheckRequest: Final = _named("CheckRequest")
CheckResponse: Final = _named("CheckResponse")
HealthCheckRequest: Final = _named("HealthCheckRequest")
HealthCheckResponse: Final = _named("HealthCheckResponse")

__all__ = ["CheckRequest", "CheckResponse", "DecodeError", "HealthCheckRequest", "HealthCheckResponse"]
