"""Compile the data path to machine code when a wheel is built: `OSTIARY_COMPILE=1` and `pip install`.

The sources stay what they are: Cython compiles them as they stand, without a type or a word of its own, and
they stay in the wheel beside the compiled modules, for tracebacks and for readers. Without the variable the wheel is
pure Python and needs no compiler. docs/adr/0010 says what it is worth.

One thing Cython is told, beside the modules: which classes are closed, that is, what their instances hold and where one
of them is meant. It then finds an attribute where it lies and a method where it begins, and does not ask for them by
name. All of it is read from the classes and their hints, which mypy keeps true; a wrong one would be a TypeError.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path(__file__).resolve().parent.parent / "src"

DATA_PATH = (
    *("model/*", "errors", "grpc", "eager", "remember", "wire", "pipeline", "gateway", "problem"),
    *("edge/carry", "edge/head", "edge/http1/*", "edge/listening", "edge/proof"),
    *("http2/*", "http2/hpack/*", "edge/http2/*", "upstream/http1/*", "upstream/http2/*", "upstream/rewriting/*"),
    *(
        "edge/decide/*",
        "edge/decide/dialects/*",
        "edge/decide/grpc/*",
        "listener/forwarded",
        "observe/ended",
        "renewal",
    ),
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
    close(modules(), copy)
    before = Path.cwd()
    os.chdir(copy)
    try:
        made = cythonize(
            extensions,
            build_dir=str(folder / "c"),
            nthreads=os.cpu_count() or 1,
            # hints are for readers, except what `close` takes from them; None has no attributes, there either
            compiler_directives={"language_level": 3, "annotation_typing": False, "nonecheck": True},
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


_PROTOCOL, _ABSTRACT, _MARK = "asyncio.Protocol", "ABC", "abstractmethod"
_CALLED = {"connection_made", "connection_lost", "data_received", "eof_received", "pause_writing", "resume_writing"}
"""What a loop calls on a protocol. The base class has nothing but these, doing nothing."""

_FUTURE = "from __future__ import annotations"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_CONTAINERS = ("dict", "list")
"""Containers of the language that an attribute is said to be, and then is, and no subclass of theirs."""

_RECORDS = ("dataclass(frozen=True, slots=True)", "dataclass(slots=True)")
"""Dataclasses that the compiler can make."""

_OWN = (ast.Lambda, ast.GeneratorExp, *_FUNCTIONS)
"""What has a frame of its own, within a function's."""

_INDIRECT = (ast.Await, ast.Yield, ast.YieldFrom, *_OWN)
"""What makes a function more than a function of C."""


class Closed(NamedTuple):
    """A closed class.

    Attributes:
        found: the class.
        held: its attributes, but for those of its base.
        base: the closed class that it is derived from, if it is, and its name in this module.
    """

    found: ast.ClassDef
    held: set[str]
    base: tuple[Closed, str] | None

    def line(self) -> Iterator[Closed]:
        """Return it, and what it is derived from."""
        yield self
        if self.base is not None:
            yield from self.base[0].line()


def close(paths: list[Path], root: Path) -> None:
    """Write a `.pxd` beside each module under `root`: what its closed classes hold, and which methods they have.

    A closed class cannot be derived from a class that is Python. Two such bases are left out here: `asyncio.Protocol`,
    from classes that define everything it does, since loops ask for the methods, not for the class; and `ABC`, with
    its marks, since mypy has seen to what is abstract. `Generic` is for hints, and left out as well, with what stands
    in the brackets of a base; and so is `slots=True`: there are no other attributes anyway. What is derived from one
    closed class is closed, too.
    """
    trees = {".".join(path.with_suffix("").parts): ast.parse((root / path).read_text()) for path in paths}
    closed = find_closed(trees, root)
    direct = {name: _all_direct(one) for classes in closed.values() for name, one in classes.items()}
    for path, (module, classes) in zip(paths, closed.items(), strict=True):
        from_elsewhere = _imported(trees[module], closed, root)
        known = {name: name for name in classes} | {here: f"_{here}_" for here in from_elsewhere}
        if not known:
            continue
        text = _with_arguments((root / path).read_text(), trees[module], known, direct)
        (root / path).write_text(_leave_out(text, classes.values(), known))
        lines = [f"from {home} cimport {name} as _{here}_" for here, (home, name) in from_elsewhere.items()]
        lines += [f"cdef class {name}" for name, one in classes.items() if one.base is None]  # any may hold any
        lines += _constants(trees[module], known)
        shapes = ["\n".join(lines), *(_shape(one, known) for one in classes.values())]
        (root / path).with_suffix(".pxd").write_text("\n\n".join(shapes) + "\n")


def find_closed(trees: dict[str, ast.Module], root: Path) -> dict[str, dict[str, Closed]]:
    """Return the closed classes of each module, by name."""
    closed: dict[str, dict[str, Closed]] = {module: {} for module in trees}
    while any(_add(module, tree, closed, root) for module, tree in trees.items()):
        pass  # each that was found may be the base of another
    return closed


def _add(module: str, tree: ast.Module, closed: dict[str, dict[str, Closed]], root: Path) -> bool:
    """Add the closed classes of a module that were not known to be. Returns whether there are any."""
    known, before = closed[module], len(closed[module])
    elsewhere = _imported(tree, closed, root)
    for one in tree.body:
        if not isinstance(one, ast.ClassDef) or one.name in known:
            continue
        bases = [base for base in map(ast.unparse, one.bases) if base not in (_PROTOCOL, _ABSTRACT)]
        bases = [base.partition("[")[0] for base in bases if not base.startswith("Generic[")]
        home, name = elsewhere.get(bases[0], (module, bases[0])) if bases else ("", "")
        base = closed[home].get(name) if bases else None
        if len(bases) > 1 or (bases and base is None):
            continue
        found = _judged(one, None if base is None else (base, bases[0]))
        if found is not None:
            known[one.name] = found
    return len(known) > before


def _judged(found: ast.ClassDef, base: tuple[Closed, str] | None) -> Closed | None:
    """Return a class as a closed one, or None when it is none."""
    if found.decorator_list and base is None and _is_record(found):
        return Closed(found, set(_fields(found)), None)
    above = [] if base is None else list(base[0].line())
    functions = _functions(found)
    all_functions = set(functions).union(*(_functions(one.found) for one in above))
    if found.decorator_list or found.keywords or "__init__" not in functions:
        return None
    if any(ast.unparse(one) == _PROTOCOL for one in found.bases) and not all_functions >= _CALLED:
        return None
    held = {
        node.attr
        for node in ast.walk(found)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    own = held.difference(*(one.held for one in above))
    directly = {name for one in above for name, each in _functions(one.found).items() if _is_direct(each)}
    changed = any(name in directly and not _is_direct(each) for name, each in functions.items())
    clash = held & (all_functions | set(_defaults(found)))
    return None if clash or changed or not (held or above) else Closed(found, own, base)


def _functions(found: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {one.name: one for one in found.body if isinstance(one, ast.FunctionDef)}


def _leave_out(text: str, classes: Iterable[Closed], known: dict[str, str]) -> str:
    """Return a module whose closed classes have closed bases and no others."""
    marks = [each for one in classes for function in _functions(one.found).values() for each in function.decorator_list]
    dropped = {each.lineno for each in marks if ast.unparse(each) == _MARK}
    text = "".join("\n" if at in dropped else line for at, line in enumerate(text.splitlines(keepends=True), 1))
    for one in classes:
        bases = ", ".join(map(ast.unparse, one.found.bases))
        text = text.replace(f"class {one.found.name}({bases}):", f"class {one.found.name}{_in_brackets(one, known)}:")
        text = re.sub(rf"(, |\()slots=True\)\nclass {one.found.name}:", rf")\nclass {one.found.name}:", text)
        text = text.replace(f"@dataclass)\nclass {one.found.name}:", f"@dataclass\nclass {one.found.name}:")
    return text


def _in_brackets(one: Closed, known: dict[str, str]) -> str:
    """Return the base of a class, as it stands behind its name."""
    return "" if one.base is None else f"({known[one.base[1]]})"


def _imported(tree: ast.Module, closed: dict[str, dict[str, Closed]], root: Path) -> dict[str, tuple[str, str]]:
    """Return the closed classes that a module imports: module and name of each, by the name that it has here."""
    return {
        alias.asname or alias.name: (home, alias.name)
        for one in tree.body
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
        if (home := _home(one.module or "", alias.name, closed, root))
    }


def _home(module: str, name: str, closed: dict[str, dict[str, Closed]], root: Path) -> str:
    """Return the module that a closed class is from, also where a package hands it on; "" for anything else."""
    package = root / Path(*module.split(".")) / "__init__.py"
    if name in closed.get(module, ()) or not package.exists():
        return module if name in closed.get(module, ()) else ""
    handed = [one for one in ast.parse(package.read_text()).body if isinstance(one, ast.ImportFrom)]
    homes = [_home(one.module or "", name, closed, root) for one in handed if name in {each.name for each in one.names}]
    return homes[0] if homes else ""


def _with_arguments(text: str, tree: ast.Module, known: dict[str, str], direct: dict[str, set[str]]) -> str:
    """Return the module with the closed classes that arguments are of, where `.pxd` files have no place for them.

    They stand on empty lines, so that the lines of tracebacks are those of the source. An argument whose method is
    taken and not called stays what it is: the compiler makes a value of it only where the class has its own name.
    """
    lines = text.split("\n")
    classes = [one for one in tree.body if isinstance(one, ast.ClassDef)]
    told = {id(each) for one in classes if one.name in known for each in one.body if isinstance(each, _FUNCTIONS)}
    for function in (one for home in (tree, *classes) for one in home.body if isinstance(one, _FUNCTIONS)):
        above = function.lineno - 2
        direct_already = id(function) in told and _is_direct(function)
        if function.decorator_list or lines[above] or direct_already or _has_within(function, _OWN):
            continue
        given = (*function.args.args, *function.args.kwonlyargs)
        shapes = {each.arg: _meant(each.annotation, known) for each in given if not _is_taken(each, function, direct)}
        types = ", ".join(f"{name}={shape}" for name, shape in shapes.items() if shape != "object")
        if types:
            lines[above] = f"{' ' * function.col_offset}@_cython.locals({types})"
    return "\n".join(lines).replace(_FUTURE, f"{_FUTURE}; import cython as _cython", 1)


def _is_taken(argument: ast.arg, function: ast.FunctionDef | ast.AsyncFunctionDef, direct: dict[str, set[str]]) -> bool:
    """Whether a function takes a method of an argument without calling it."""
    methods = direct.get(_named(argument.annotation), set())
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    asked = [node for node in ast.walk(function) if isinstance(node, ast.Attribute) and id(node) not in called]
    return any(node.attr in methods and ast.unparse(node.value) == argument.arg for node in asked)


def _all_direct(one: Closed) -> set[str]:
    """Return the methods of a closed class that are called directly, with those of its bases."""
    return {name for each in one.line() for name, method in _functions(each.found).items() if _is_direct(method)}


def _constants(tree: ast.Module, known: dict[str, str]) -> Iterator[str]:
    """Return the constants of a module, and of nobody else, that are of a closed class."""
    for one in tree.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.value, ast.Call):
            name, made = ast.unparse(one.target), known.get(ast.unparse(one.value.func))
            if made is not None and name.startswith("_"):
                yield f"cdef {made} {name}"


def _is_record(found: ast.ClassDef) -> bool:
    """Whether it is a dataclass that the compiler can make: its fields are set by nothing but its `__init__`."""
    text = ast.unparse(found)
    return _decorator(found) in _RECORDS and "ClassVar[" not in text and "object.__setattr__" not in text


def _decorator(found: ast.ClassDef) -> str:
    return ", ".join(map(ast.unparse, found.decorator_list))


def _fields(found: ast.ClassDef) -> dict[str, ast.expr]:
    """Return the fields of a dataclass in their order, and their hints; nothing for another class."""
    fields = [one for one in found.body if isinstance(one, ast.AnnAssign)] if found.decorator_list else []
    return {ast.unparse(one.target): one.annotation for one in fields}


def _shape(one: Closed, known: dict[str, str]) -> str:
    """Return what the compiler is told of a closed class."""
    types = _types(one.found, known)
    access = "readonly" if "frozen=True" in _decorator(one.found) else "public"
    names = _fields(one.found) or sorted(one.held)
    attributes = [f"cdef {access} {types.get(name, 'object')} {name}" for name in names]
    slots = ["__slots__" in _defaults(each.found) or bool(each.found.decorator_list) for each in one.line()]
    weak = not slots[0] or "'__weakref__'" in ast.unparse(one.found)
    weakly = ["cdef object __weakref__"] if weak and all(slots[1:]) else []  # as in Python
    lines = [*attributes, *weakly, *_direct(one.found, known)] or ["pass"]
    return "\n    ".join([f"cdef class {one.found.name}{_in_brackets(one, known)}:", *lines])


def _meant(annotation: ast.expr | None, known: dict[str, str]) -> str:
    """Return the closed class that an annotation means, or None beside it; "object" for anything else."""
    return known.get(_named(annotation), "object")


def _named(annotation: ast.expr | None) -> str:
    return ast.unparse(annotation).removesuffix(" | None") if annotation else ""


def _types(found: ast.ClassDef, known: dict[str, str]) -> dict[str, str]:
    """Return what attributes are, where hints say or `__init__` shows that it is a closed class or a container."""
    if found.decorator_list:
        return {name: _meant(annotation, known) for name, annotation in _fields(found).items()}
    begin = next(one for one in found.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
    given = {each.arg: _meant(each.annotation, known) for each in (*begin.args.args, *begin.args.kwonlyargs)}
    said: dict[str, str] = {}
    for node in ast.walk(begin):
        if isinstance(node, ast.AnnAssign):
            container = ast.unparse(node.annotation).partition("[")[0]
            shape = container if container in _CONTAINERS else _meant(node.annotation, known)
            said[ast.unparse(node.target).removeprefix("self.")] = shape
        elif isinstance(node, ast.Assign):
            made = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
            shape = known.get(made) or given.get(ast.unparse(node.value), "object")
            said |= {ast.unparse(target).removeprefix("self."): shape for target in node.targets}
    return said


def _is_direct(one: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method can be called without asking for it by name."""
    given = one.args
    if isinstance(one, ast.AsyncFunctionDef):
        return False
    if one.name.startswith("__") or [each for each in one.decorator_list if ast.unparse(each) != _MARK]:
        return False
    if given.vararg or given.kwarg or given.kwonlyargs or given.posonlyargs:
        return False
    return not _has_within(one, _INDIRECT)


def _has_within(function: ast.FunctionDef | ast.AsyncFunctionDef, kinds: tuple[type[ast.AST], ...]) -> bool:
    return any(isinstance(node, kinds) for statement in function.body for node in ast.walk(statement))


def _direct(found: ast.ClassDef, known: dict[str, str]) -> Iterator[str]:
    """Return the methods that can be called without asking for them by name."""
    for one in filter(_is_direct, _functions(found).values()):
        needed = len(one.args.args) - len(one.args.defaults)
        names = ["self"]
        for place, each in enumerate(one.args.args[1:], 1):
            names.append(f"{_meant(each.annotation, known)} {each.arg}{'' if place < needed else '=*'}")
        yield f"cpdef {_meant(one.returns, known)} {one.name}({', '.join(names)})"


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
        folder = (Path(self.directory) / "compiled").resolve()  # the compiler works elsewhere
        for library in compile_into(folder):
            build_data["force_include"][str(library)] = str(library.relative_to(folder / "lib"))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _asked() -> bool:
    return os.environ.get("OSTIARY_COMPILE") == "1"
