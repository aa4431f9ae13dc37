"""Which record does a caller's credential come from?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inject.conftest import outbound_of

from ostiary.config.schema import BasicSpec, InjectorSpec
from ostiary.config.vaults import CacheSpec, CredentialSpec
from ostiary.errors import ConfigError, CredentialUnavailable, Forbidden
from ostiary.inject import compile_each, compile_injectors
from ostiary.inject.each import EachCredential
from ostiary.model import Outbound, Principal, Secret
from ostiary.reasons import Reason
from ostiary.vault.errors import NotFound
from ostiary.vault.record import SecretRecord
from ostiary.vault.room import Vault

PATH = "tenants/{principal.tenant}/crm"


class Provider:
    """Has a record at every path, which says where it was found; but for tenant `nobody`."""

    origin = "here"

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.has_changed = False

    async def start(self) -> None: ...
    async def aclose(self) -> None: ...
    def inherit(self, previous: Any) -> None: ...

    def check(self, path: str) -> None:
        if path.startswith("/"):
            raise ConfigError("no such path")

    def changed(self) -> bool:
        was, self.has_changed = self.has_changed, False
        return was

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        self.fetched.append(path)
        await asyncio.sleep(0)
        if "nobody" in path:
            raise NotFound(path)
        return SecretRecord(
            {"id": Secret("svc"), "secret": Secret(f"of {path}")}, "1", asyncio.get_running_loop().time()
        )


def caller(tenant: Any = "t-1", subject: str = "alice", **claims: Any) -> Outbound:
    return outbound_of(Principal(subject, "bank", "jwt", claims=claims, tenant=tenant))


def each(path: str = PATH, provider: Provider | None = None) -> tuple[EachCredential, Vault, Provider]:
    provider = provider or Provider()
    vault = Vault("local", provider, CacheSpec())
    spec = CredentialSpec(vault="local", path=path)
    return compile_each("crm", path, vault.members("crm", spec)), vault, provider


async def secret(credential: EachCredential, outbound: Outbound) -> str:
    return (await credential.of(outbound).get()).secret.reveal().decode()


async def test_each_tenant_has_its_own():
    credential, _, provider = each()
    assert await secret(credential, caller("t-1")) == "of tenants/t-1/crm"
    assert await secret(credential, caller("t-2")) == "of tenants/t-2/crm"
    assert await secret(credential, caller("t-1", "bob")) == "of tenants/t-1/crm"
    assert provider.fetched == ["tenants/t-1/crm", "tenants/t-2/crm"]


async def test_a_fresh_one_does_not_suspend():
    credential, _, _ = each()
    await secret(credential, caller())
    with pytest.raises(StopIteration):
        credential.of(caller()).get().send(None)  # type: ignore[attr-defined]


async def test_claims_and_names_may_stand_together_in_a_path_of_their_own_segments():
    credential, _, _ = each("{principal.issuer}/{principal.claims.team}/u-{principal.subject}")
    assert await secret(credential, caller(team="blue")) == "of bank/blue/u-alice"


@pytest.mark.parametrize(
    "tenant",
    [
        None, "", ".", "..", "...", ".git", "..data", "a/b", "a\\b", "a%2fb", "%2e%2e", "a b", "a\n", "a\x00", "é", "a?b",
        "a#b", "{x}", "*", "a:b", "x" * 65, 7, ["t-1"], {"a": 1}, True,
    ],
)  # fmt: skip
async def test_what_is_missing_or_no_name_leads_nowhere(tenant):
    credential, _, provider = each()
    with pytest.raises(Forbidden) as caught:
        credential.of(caller(tenant))
    assert (caught.value.status, caught.value.reason) == (403, Reason.CREDENTIAL_NOT_FOR_CALLER)
    assert provider.fetched == []


@pytest.mark.parametrize("tenant", ["a", "A-1", "13d99de7-b726-45f8-a03d-7935e116b111", "a.b_c-d", "x" * 64, "a..b"])
async def test_names_lead_to_their_record(tenant):
    credential, _, _ = each()
    assert await secret(credential, caller(tenant)) == f"of tenants/{tenant}/crm"


async def test_a_tenant_without_a_record_gets_nobody_elses():
    credential, _, _ = each()
    await secret(credential, caller("t-1"))
    with pytest.raises(CredentialUnavailable) as caught:
        await secret(credential, caller("nobody"))
    assert caught.value.reason is Reason.CREDENTIAL_MISSING


@pytest.mark.parametrize(
    "path",
    ["{principal.tenant}{principal.subject}", "a/{principal.tenant}-{principal.subject}", "{request.id}", "{tenant}", "{a", "/{principal.tenant}"],
)  # fmt: skip
def test_a_path_that_could_be_anothers_stops_the_start(path):
    with pytest.raises(ConfigError):
        each(path)


async def test_few_records_are_in_memory_and_the_least_used_goes_first():
    credential, vault, provider = each()
    credential._most = 2
    for tenant in ("a", "b", "a", "c", "a"):
        await secret(credential, caller(tenant))
    assert (len(credential), len(provider.fetched)) == (2, 3)
    (branch,) = vault._branches.values()
    assert len(branch.cache._slots) == 2


async def test_a_record_that_a_fixed_alias_has_too_stays_known_to_the_vault():
    provider = Provider()
    vault = Vault("local", provider, CacheSpec())
    fixed = vault.source("one", CredentialSpec(vault="local", path="tenants/a/crm"))
    credential = compile_each("crm", PATH, vault.members("crm", CredentialSpec(vault="local", path=PATH)))
    credential._most = 1
    await fixed.get()
    for tenant in ("a", "b"):
        await secret(credential, caller(tenant))
    provider.has_changed = True
    await asyncio.sleep(0.11)
    await fixed.get()
    assert provider.fetched.count("tenants/a/crm") == 2


async def test_a_reload_while_the_vault_is_down_forgets_no_tenant():
    class Down(Provider):
        async def fetch(self, path: str, version: int | None) -> SecretRecord:
            raise ConnectionError

    credential, vault, _ = each()
    await secret(credential, caller("t-1"))
    after, vault_after, _ = each(provider=Down())
    after.inherit(credential)
    vault_after.inherit(vault)
    assert await secret(after, caller("t-1")) == "of tenants/t-1/crm"
    with pytest.raises(CredentialUnavailable):
        await secret(after, caller("t-2"))


async def test_an_injector_writes_each_callers():
    credential, _, _ = each()
    (injector,) = compile_injectors((InjectorSpec(basic=BasicSpec(credential="crm")),), {"crm": credential})
    sent = []
    for tenant in ("a", "b", "a"):
        outbound = caller(tenant)
        await injector.inject(outbound)
        sent.append(outbound.headers.get(b"authorization"))
        assert outbound.request.record.credential == "crm"
    assert sent[0] == sent[2] != sent[1]


SEGMENT = st.text(alphabet="ab.-", min_size=1, max_size=3)


@given(callers=st.lists(st.tuples(SEGMENT, SEGMENT), min_size=1, max_size=30), most=st.integers(1, 4))
def test_nobody_is_ever_given_anothers(callers, most):
    async def use() -> None:
        credential, _, _ = each("{principal.tenant}/x-{principal.subject}")
        credential._most = most

        async def one(tenant: str, subject: str) -> str | None:
            try:
                return await secret(credential, caller(tenant, subject))
            except Forbidden:
                return None

        found = await asyncio.gather(*(one(*who) for who in callers))
        allowed = [not (tenant.startswith(".") or subject.startswith(".")) for tenant, subject in callers]
        wanted = [f"of {t}/x-{s}" if may else None for (t, s), may in zip(callers, allowed, strict=True)]
        assert found == wanted
        assert len(credential) <= most

    asyncio.run(use())


@given(one=st.tuples(SEGMENT, SEGMENT), other=st.tuples(SEGMENT, SEGMENT))
def test_two_callers_have_one_path_only_when_they_have_the_same_names(one, other):
    credential, _, _ = each("{principal.tenant}/x-{principal.subject}/{principal.tenant}")
    try:
        paths = [credential.path(caller(*who)) for who in (one, other)]
    except Forbidden:
        return
    assert (paths[0] == paths[1]) == (one == other)
