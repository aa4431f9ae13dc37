"""Files of secrets (SDS): written by renaming, and read anew by Envoy when they are.

A credential that is not to be had has a file as well: with nothing in it, and Envoy forwards nothing without it.
"""

from __future__ import annotations

from typing import Final

from ostiary.config.injectors import BasicSpec, BearerSpec, HeaderSpec, InjectorSpec
from ostiary.errors import CredentialUnavailable
from ostiary.export.envoy.words import Block, extension, typed
from ostiary.export.plan import Plan
from ostiary.inject import basic, bearer, header
from ostiary.model import Credential, Secret

_KIND: Final = "transport_sockets.tls.v3.Secret"
FOLDER: Final = "secrets"


def filter_of(alias: str, one: InjectorSpec) -> str:
    """Return the name of the filter that writes a credential, in one way."""
    return f"ostiary_{_form(one.value)}~{alias}"


def _form(spec: BasicSpec | BearerSpec | HeaderSpec) -> str:
    match spec:
        case BasicSpec():
            return "basic"
        case BearerSpec():
            return "bearer"
    return f"header~{spec.name.lower()}"


def written(plan: Plan) -> dict[str, tuple[str, InjectorSpec]]:
    """Return every credential that is written natively, by the name of its filter: its alias, and how."""
    found: dict[str, tuple[str, InjectorSpec]] = {}
    for one in plan.routes:
        for each in one.route.inject if one.native else ():
            alias = each.value.credential
            if alias is not None:
                found[filter_of(alias, each)] = (alias, each)
    return found


def injectors(plan: Plan) -> list[Block]:
    """Return the filters that write credentials; each is off but for the routes that say so."""
    return [_injector(name, one, plan) for name, (_, one) in written(plan).items()]


def _injector(name: str, one: InjectorSpec, plan: Plan) -> Block:
    generic = "http.injected_credentials.generic.v3.Generic"
    shown = {"header": one.value.name} if isinstance(one.value, HeaderSpec) else {}
    made = extension("generic", generic, credential=from_file(name, plan), **shown)
    kind = "filters.http.credential_injector.v3.CredentialInjector"
    return {**extension(name, kind, credential=made, overwrite=True), "disabled": True}


def from_file(name: str, plan: Plan) -> Block:
    """Return where a secret is: a file, seen anew when something in its folder is renamed."""
    folder = plan.place.home / FOLDER
    source = {"path": str(folder / credential_file(name)), "watched_directory": {"path": str(folder)}}
    return {"name": name, "sds_config": {"path_config_source": source, "resource_api_version": "V3"}}


def credential_file(name: str) -> str:
    """Return the file of a secret."""
    return f"{name}.yaml"


def credential_secret(name: str, one: InjectorSpec, credential: Credential) -> Block:
    """Return the content of a file: the whole value of the header. It is secret.

    Raises:
        CredentialUnavailable: it cannot be written in that way.
    """
    encode = {"basic": basic.encode, "bearer": bearer.encode}.get(one.kind, header.encode)
    return _generic(name, Secret(encode(credential)))


def withdrawn(name: str) -> Block:
    """Return the content of a file without a credential."""
    return _generic(name, Secret(b""))


def _generic(name: str, value: Secret) -> Block:
    try:
        text = value.reveal().decode()
    except UnicodeDecodeError:
        raise CredentialUnavailable(f"{name}: not text") from None
    return resources({"name": name, "generic_secret": {"secret": {"inline_string": text}}})


def resources(*secrets: Block) -> Block:
    """Return the content of a file."""
    return {"resources": [typed(_KIND, **one) for one in secrets]}
