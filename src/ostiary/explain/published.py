"""What is said of a request for our key set: the gateway answers it itself, and no route of the file is asked."""

from __future__ import annotations

from ostiary.errors import CredentialUnavailable
from ostiary.explain.explanation import Note
from ostiary.gateway import Route
from ostiary.keys import Documents


def answered_here(route: Route) -> Documents | None:
    """Return what answers on a route, when that is the gateway itself."""
    upstream = route.pipeline.upstream
    return upstream if isinstance(upstream, Documents) else None


async def of_key_set(documents: Documents, where: str) -> list[Note]:
    """Return what is said of it.

    Args:
        documents: what answers.
        where: the line of the file that says so.
    """
    anybody = Note("authenticate", "anonymous", "pass", "anybody may have our public keys", where)
    try:
        kids = await documents.publication.kids()
    except CredentialUnavailable as error:
        return [anybody, Note("answer", "publication", "unknown", error.detail, where)]
    told = f"our key set, with the keys {', '.join(kids)}" if kids else "our key set, with no key in it"
    return [anybody, Note("answer", "publication", "yes", told, where)]
