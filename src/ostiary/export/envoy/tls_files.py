"""Files that say where certificates, keys, authorities and revocation lists are. Nothing in them is secret."""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.export.envoy.secrets import credential_file, resources
from ostiary.export.envoy.tls import shows, verification
from ostiary.export.envoy.words import Block
from ostiary.export.plan import Plan


def files_of_tls(plan: Plan) -> Iterator[tuple[str, Block]]:
    """Return each file by its name, and its content. Envoy reads them anew when something beside them is renamed."""
    spec = plan.listener.tls
    if spec is not None:
        for number, one in enumerate((spec, *spec.also)):
            yield _file(f"listener~{number}", tls_certificate=_pair(one, plan))
        if spec.client.mode != "off":
            yield _file("authorities", validation_context=verification(spec.client, plan))
    for name, upstream in plan.spec.upstreams.items():
        if upstream.tls.client is not None and shows(upstream):
            yield _file(f"upstream~{name}", tls_certificate=_pair(upstream.tls.client, plan))


def _file(name: str, **content: Block) -> tuple[str, Block]:
    return credential_file(name), resources({"name": name, **content})


def _pair(spec: ShownCertificateSpec, plan: Plan) -> Block:
    if spec.certificate is None or spec.private_key is None:
        raise AssertionError("only PEM files are native")
    certificate, key = plan.file(spec.certificate.path), plan.file(spec.private_key.path)
    return {
        "certificate_chain": {"filename": certificate},
        "private_key": {"filename": key},
        "watched_directory": {"path": certificate.rpartition("/")[0]},
    }
