"""Headers that only a proxy may write. The gateway strips them from every request; recipes let the proxy do it.

Whole families cannot be named in most configurations: these are the members that are in use.
"""

from __future__ import annotations

from typing import Final

PRETENCES: Final = (
    "Forwarded",
    "X-Forwarded",
    "X-Forwarded-Method",
    "X-Forwarded-Uri",
    "X-Forwarded-Url",
    "X-Forwarded-Path",
    "X-Forwarded-Prefix",
    "X-Forwarded-Port",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Forwarded-Server",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Tls-Client-Cert-Info",
    "X-Real-Ip",
    "X-Client-Ip",
    "X-Cluster-Client-Ip",
    "True-Client-Ip",
    "Client-Ip",
    "X-Original-Forwarded-For",
    "X-Envoy-External-Address",
    "Cf-Connecting-Ip",
    "Fastly-Client-Ip",
    "X-Host",
    "X-Http-Host-Override",
    "X-Arr-Clientcert",
    "X-Original-Url",
    "X-Original-Uri",
    "X-Original-Host",
    "X-Original-Method",
    "X-Rewrite-Url",
    "X-Envoy-Original-Path",
    "X-Http-Method-Override",
    "X-Http-Method",
    "X-Method-Override",
    "Client-Cert",
    "Client-Cert-Chain",
    "X-Client-Cert",
    "X-Client-Cert-Verify",
    "Ssl-Client-Cert",
    "X-Ssl-Client-Cert",
    "X-Amzn-Mtls-Clientcert",
    "Proxy",
)

WRITTEN: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Request-Id")
"""What the proxy writes by itself: over the caller's, of which every other spelling goes."""
