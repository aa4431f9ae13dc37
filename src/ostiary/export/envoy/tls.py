"""TLS on both sides: what callers are shown and asked for, and whom the upstream has to be."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from ostiary.config.clients import ClientSpec
from ostiary.config.listeners import ListenerTlsSpec
from ostiary.config.schema import UpstreamSpec
from ostiary.export.envoy.secrets import from_file
from ostiary.export.envoy.words import Block, typed
from ostiary.export.plan import Plan

SYSTEM: Final = "/etc/ssl/certs/ca-certificates.crt"
_VERSIONS: Final = {"1.2": "TLSv1_2", "1.3": "TLSv1_3"}
_CIPHERS: Final = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)


def downstream(spec: ListenerTlsSpec, plan: Plan) -> Block:
    """Return the TLS of the listener. No tickets, no resumption: every connection shows its certificate."""
    shown = [from_file(f"listener~{number}", plan) for number, _ in enumerate((spec, *spec.also))]
    common: Block = {
        "tls_params": {
            "tls_minimum_protocol_version": _VERSIONS[spec.minimum_version],
            "tls_maximum_protocol_version": "TLSv1_3",
            "cipher_suites": list(spec.ciphers or _CIPHERS),
        },
        "alpn_protocols": list(plan.listener.protocols),
        "tls_certificate_sds_secret_configs": shown,
    }
    if spec.client.mode != "off":
        common["validation_context_sds_secret_config"] = from_file("authorities", plan)
    return typed(
        "transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context=common,
        require_client_certificate=spec.client.mode == "required" and plan.verified,
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
    )


def verification(spec: ClientSpec, plan: Plan) -> Block:
    """Return how client certificates are verified. What Envoy cannot verify as it should, it only passes on."""
    authorities = plan.file(spec.authorities[0].path)
    made: Block = {"trusted_ca": {"filename": authorities}, "watched_directory": _folder(authorities)}
    if not plan.verified:
        return {**made, "trust_chain_verification": "ACCEPT_UNTRUSTED"}
    made["max_verify_depth"] = spec.depth - 1  # the trust anchor is not counted
    if spec.revocation is not None:
        crl = plan.file(spec.revocation.crls[0].path)
        made |= {"crl": {"filename": crl}, "watched_directory": _folder(crl)}  # which changes more often
    return made


def _folder(path: str) -> Block:
    return {"path": path.rpartition("/")[0]}


def upstream(name: str, spec: UpstreamSpec, plan: Plan) -> Block:
    """Return the TLS to an upstream, whose name is always verified."""
    trusted = plan.file(spec.tls.trusted[0].path) if spec.tls.trusted else SYSTEM
    shown = [from_file(f"upstream~{name}", plan)] if shows(spec) else []
    return towards(spec.tls.server_name or spec.endpoints[0].host, trusted, shown)


def shows(spec: UpstreamSpec) -> bool:
    """Whether Envoy can show the certificate of an upstream's `tls.client`."""
    shown = spec.tls.client
    return shown is not None and shown.certificate is not None and shown.password is None


def towards(name: str, trusted: str, shown: list[Block] | None = None) -> Block:
    """Return the TLS to a server that has to be of that name."""
    number = _is_address(name)
    matched = {"san_type": "IP_ADDRESS" if number else "DNS", "matcher": {"exact": name}}
    validation = {"trusted_ca": {"filename": trusted}, "match_typed_subject_alt_names": [matched]}
    common: Block = {"validation_context": validation, "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"}}
    if shown:
        common["tls_certificate_sds_secret_configs"] = shown
    asked = {} if number else {"sni": name}
    made = typed("transport_sockets.tls.v3.UpstreamTlsContext", common_tls_context=common, **asked)
    return {"name": "tls", "typed_config": made}


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
