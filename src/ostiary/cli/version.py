"""`ostiary version`: which Ostiary this is, and what it runs on."""

from __future__ import annotations

from ostiary.cli.frame import Json, emit


def version(*, as_json: Json = False) -> None:
    """Say which Ostiary this is, and what it runs on."""
    facts = _facts()
    if as_json:
        emit(facts)
    else:
        print(f"ostiary {facts['ostiary']} (Python {facts['python']}, {facts['openssl']}, {facts['platform']})")
        print(f"extras: {facts['extras'] or 'none'}")


def _facts() -> dict[str, str]:
    import platform
    import ssl
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from ostiary import __version__
    from ostiary.cli.extras import extras

    facts = {
        "ostiary": __version__,
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "platform": platform.platform(terse=True),
    }
    for library in ("cryptography", "uvloop", "httptools", "pyjwt", "pydantic"):
        try:
            facts[library] = installed(library)
        except PackageNotFoundError:
            facts[library] = "not installed"
    return {**facts, "extras": ", ".join(extras())}
