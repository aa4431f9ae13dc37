"""Does a real OpenBao, as the authority, keep a revoked caller out: by its responder, and by its list?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.openbao import GENERATE, Bao, bao  # noqa: F401 - a fixture
from tests.support.origin import ok, origin
from tests.support.revocation import guarded

pytestmark = pytest.mark.integration


def authority(server: Bao, mount: str, folder: Path) -> None:
    """Make an authority in OpenBao that publishes where it can be asked."""
    here = f"{server.address}/v1/{mount}"
    server.ask("POST", f"sys/mounts/{mount}", {"type": "pki", "config": {"max_lease_ttl": "720h"}})
    urls = {"ocsp_servers": [f"{here}/ocsp"], "crl_distribution_points": [f"{here}/crl"]}
    server.ask("POST", f"{mount}/config/urls", urls)
    server.ask("POST", f"{mount}/config/crl", {"auto_rebuild": False})
    made = server.ask("POST", f"{mount}/{GENERATE}", {"common_name": "Bao CA", "key_type": "ec", "ttl": "700h"})
    (folder / "ca.pem").write_text(made["data"]["certificate"] + "\n")
    role = {
        "allow_any_name": True,
        "enforce_hostnames": False,
        "client_flag": True,
        "server_flag": False,
        "key_type": "ec",
        "key_usage": ["DigitalSignature"],
    }
    server.ask("POST", f"{mount}/roles/client", role)


def issue(server: Bao, mount: str, folder: Path, name: str) -> str:
    """Issue a client certificate; return its serial number."""
    wish = {"common_name": name, "exclude_cn_from_sans": True, "ttl": "1h"}
    made = server.ask("POST", f"{mount}/issue/client", wish)["data"]
    (folder / f"{name}.pem").write_text(made["certificate"] + "\n")
    (folder / f"{name}.key").write_text(made["private_key"] + "\n")
    return made["serial_number"]


@pytest.mark.parametrize("means", ["ocsp", "urls", "distribution_points"])
async def test_whom_it_has_revoked_is_kept_out_by_each_means(tmp_path, bao: Bao, means):  # noqa: F811
    mount = f"pki-{means.replace('_', '-')}"
    authority(bao, mount, tmp_path)
    issue(bao, mount, tmp_path, "john")
    serial = issue(bao, mount, tmp_path, "fired")
    bao.ask("GET", f"{mount}/crl/rotate")
    block = {
        "ocsp": f'ocsp: {{hosts: ["127.0.0.1:{bao.port}"]}}',
        "urls": f'urls: ["{bao.address}/v1/{mount}/crl"]',
        "distribution_points": f'distribution_points: {{hosts: ["127.0.0.1:{bao.port}"]}}',
    }[means]
    async with origin() as upstream:
        upstream.answers = {"/who": ok(b"hello")}
        async with guarded(tmp_path, f"{block}, refresh: 500ms", upstream.url()) as running:
            before = [(await running.eventually(name, 200)).status for name in ("john", "fired")]
            bao.ask("POST", f"{mount}/revoke", {"serial_number": serial})
            bao.ask("GET", f"{mount}/crl/rotate")
            await running.eventually("fired", 401)
            why, john = await running.reason(), (await running.ask("john")).status

    assert (before, john, why) == ([200, 200], 200, "certificate.revoked")
