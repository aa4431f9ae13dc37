"""Ostiary: an async authentication gateway for services that cannot protect themselves.

    listener -> route -> authenticate -> authorize -> inject -> forward

A caller connects over TLS and proves itself with a certificate, a token, or both. The gateway
decides who it is (a Principal) and whether it may (a Permit), swaps the caller's credentials for
the ones the upstream wants (an Outbound), and streams the exchange. `pipeline.py` is the product;
`build.py` puts it together from one YAML file; everything else is a room off that hall.
"""

__version__ = "0.1.0"
