"""Compile the data path to machine code when a wheel is built: `OSTIARY_COMPILE=1` and `pip install`.

The sources stay what they are: Cython compiles them as they stand, without a type or a word of its own, and
they stay in the wheel beside the compiled modules, for tracebacks and for readers. Without the variable the wheel is
pure Python and needs no compiler. docs/adr/0010 says what it is worth.

One thing Cython is told, beside the modules: which classes are closed, that is, what their instances hold. It then
finds an attribute of `self` where it lies, and does not ask for it by name. All of it is read from the classes.
"""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path(__file__).resolve().parent.parent / "src"

DATA_PATH = (
    *("model/*", "errors", "eager", "remember", "wire", "pipeline", "gateway", "problem"),
    *(
        "edge/carry",
        "edge/exchange",
        "edge/framing",
        "edge/head",
        "edge/http1*",
        "edge/plain",
        "edge/http2/*",
        "edge/http2/hpack/*",
    ),
    *("edge/decide/*", "edge/decide/dialects/*", "listener/forwarded", "observe/ended", "kept"),
    *("routing/*", "authn/*", "authz/*", "inject/*", "upstream/*", "observe/access", "observe/metrics"),
    *("observe/histogram", "vault/source", "vault/cache", "jwks/issuers", "pki/certificate"),
)
"""The modules that a request passes through, as patterns under `src/ostiary`."""


def modules() -> list[Path]:
    """Return the files to compile, relative to `src`. What only re-exports is not worth it."""
    found = {path for pattern in DATA_PATH for path in (SOURCE / "ostiary").glob(f"{pattern}.py")}
    return sorted(path.relative_to(SOURCE) for path in found if path.name != "__init__.py")


def compile_into(folder: Path) -> list[Path]:
    """Compile every module of the data path; return the libraries, relative to `folder`."""
    from Cython.Build import cythonize  # noqa: PLC0415 - here only when it is asked for
    from setuptools import Distribution, Extension  # noqa: PLC0415 - likewise

    slim = {"extra_compile_args": ["-g0"], "extra_link_args": ["-s"]}
    extensions = [Extension(".".join(path.with_suffix("").parts), [str(path)], **slim) for path in modules()]
    copy = folder / "src"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(SOURCE, copy)
    for path in modules():
        close(copy / path)
    before = Path.cwd()
    os.chdir(copy)
    try:
        made = cythonize(
            extensions,
            build_dir=str(folder / "c"),
            nthreads=os.cpu_count() or 1,
            compiler_directives={"language_level": 3, "annotation_typing": False},  # hints are for readers
        )
        command = Distribution({"ext_modules": made}).get_command_obj("build_ext")
        command.build_lib = str(folder / "lib")
        command.build_temp = str(folder / "o")
        command.parallel = os.cpu_count()
        command.ensure_finalized()
        command.run()
    finally:
        os.chdir(before)
    return sorted((folder / "lib").rglob("*.so"))


_PROTOCOL = "asyncio.Protocol"
_CALLED = {"connection_made", "connection_lost", "data_received", "eof_received", "pause_writing", "resume_writing"}
"""What a loop calls on a protocol. The base class has nothing but these, doing nothing."""


def close(path: Path) -> None:
    """Write a `.pxd` beside a module: what the instances of its closed classes hold.

    A closed class cannot be derived from a class that is Python. The one such base there is, `asyncio.Protocol`, is
    left out here, from classes that define everything it does; loops ask for the methods, not for the class.
    """
    text = path.read_text()
    shapes = []
    for found in ast.parse(text).body:
        if isinstance(found, ast.ClassDef) and (held := _held(found)):
            text = text.replace(f"class {found.name}({_PROTOCOL}):", f"class {found.name}:")
            weakly = [] if "__slots__" in _defaults(found) else ["\n    cdef object __weakref__"]  # as in Python
            shapes.append(
                "\n    cdef public object ".join([f"cdef class {found.name}:", *sorted(held)]) + "".join(weakly)
            )
    if shapes:
        path.write_text(text)
        path.with_suffix(".pxd").write_text("\n\n".join(shapes) + "\n")


def _held(found: ast.ClassDef) -> set[str]:
    """Return the attributes of a closed class; nothing for a class that is not."""
    bases = [ast.unparse(base) for base in found.bases]
    functions = {one.name for one in found.body if isinstance(one, ast.FunctionDef)}
    plain = not bases or (bases == [_PROTOCOL] and functions >= _CALLED)
    if found.decorator_list or found.keywords or not plain or "__init__" not in functions:
        return set()
    held = {
        node.attr
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    return set() if held & (functions | set(_defaults(found))) else held


def _defaults(found: ast.ClassDef) -> Iterator[str]:
    """Return the attributes that the class itself has."""
    for one in found.body:
        if isinstance(one, ast.Assign):
            yield from (ast.unparse(target) for target in one.targets)
        elif isinstance(one, ast.AnnAssign) and one.value is not None:
            yield ast.unparse(one.target)


class CompileHook(BuildHookInterface[Any]):
    """Puts the compiled modules into the wheel, if it is asked to."""

    def dependencies(self) -> list[str]:
        """Return what building needs beside hatchling."""
        return ["cython>=3.1", "setuptools>=80"] if _asked() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say that the wheel is for this Python and this machine."""
        if not _asked() or version == "editable":
            return
        folder = Path(self.directory) / "compiled"
        for library in compile_into(folder):
            build_data["force_include"][str(library)] = str(library.relative_to(folder / "lib"))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _asked() -> bool:
    return os.environ.get("OSTIARY_COMPILE") == "1"
