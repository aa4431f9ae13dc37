"""Every kind of vault, in the order of the page on vaults."""

from __future__ import annotations

from tests.support.vaults.backend import Backend
from tests.support.vaults.cloud import IN_CLOUDS
from tests.support.vaults.cyberark import OF_CYBERARK
from tests.support.vaults.near import NEAR
from tests.support.vaults.openbao import ON_OPENBAO

KINDS: tuple[type[Backend], ...] = (*NEAR, *ON_OPENBAO, *OF_CYBERARK, *IN_CLOUDS)
