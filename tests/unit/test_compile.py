"""Which classes does the compiler take to be closed, and is that what they are?"""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Hook:
    """In place of hatchling's, which is only there where wheels are built."""

    def __class_getitem__(cls, _: object) -> type[Hook]:
        return cls


@pytest.fixture
def tool(monkeypatch):
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = Hook
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("compile_tool", ROOT / "tools" / "compile.py")
    module = importlib.util.module_from_spec(spec)
    for package in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def closed(tool, tmp_path):
    """The shapes that are written for a module."""

    def close(text: str) -> str:
        path = tmp_path / "module.py"
        path.write_text(text)
        tool.close([Path("module.py")], tmp_path)
        shapes = path.with_suffix(".pxd")
        return shapes.read_text() if shapes.exists() else ""

    return close


def said(name: str, *lines: str) -> str:
    return (
        "\n    ".join([f"cdef class {name}", "", f"cdef class {name}:", *lines]).replace("\n    \n    ", "\n\n") + "\n"
    )


PLAIN = "class A:\n    def __init__(self):\n        self.b = 1\n    def set(self):\n        self._c, self.d = 2, 3\n"


HELD = ("cdef public object _c", "cdef public object b", "cdef public object d")


def test_a_plain_class_holds_what_it_sets_on_itself(closed):
    method = "cpdef object set(self)"
    slotted = PLAIN.replace("    def set", '    __slots__ = ("_c", "b", "d")\n    def set')

    assert closed(PLAIN) == said("A", *HELD, "cdef object __weakref__", method)
    assert closed(slotted) == said("A", *HELD, method)


@pytest.mark.parametrize(
    ("method", "shape"),
    [
        ("def f(self, a, b=1): pass", "cpdef object f(self, object a, object b=*)"),
        (
            "def f(self, a: A, b: A | None = None, c: B | None = None) -> A: pass",
            "cpdef A f(self, A a, A b=*, object c=*)",
        ),
        ("def f(self): return [a for a in self.b]", "cpdef object f(self)"),
        ("def f(self): return any(a for a in self.b)", ""),
        ("def f(self): yield 1", ""),
        ("def f(self): return lambda: self", ""),
        ("async def f(self): pass", ""),
        ("def f(self, *, a): pass", ""),
        ("def f(self, *a): pass", ""),
        ("def f(self, **a): pass", ""),
        ("def f(self, a, /): pass", ""),
        ("def __len__(self): return 1", ""),
        ("@property\n    def f(self): return 1", ""),
    ],
)
def test_a_method_is_called_directly_unless_it_is_more_than_a_function(closed, method, shape):
    begin = "class A:\n    __slots__ = ('b',)\n    def __init__(self): self.b = 1\n"
    assert closed(f"{begin}    {method}\n") == said("A", "cdef public object b", *([shape] if shape else []))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("self.b: A | None = None", "A"),
        ("self.b: A | B = 1", "object"),
        ("self.b = A()", "A"),
        ("self.b = A().c", "object"),
        ("self.b = a", "A"),
        ("self.b = a or c", "object"),
        ("self.b = c", "object"),
    ],
)
def test_an_attribute_is_of_a_closed_class_where_it_says_or_shows_so(closed, text, shape):
    module = f"class A:\n    __slots__ = ('b',)\n    def __init__(self, a: A, c): {text}\n"
    assert closed(module) == said("A", f"cdef public {shape} b")


def test_a_closed_class_is_found_through_the_package_that_hands_it_on(tool, tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "__init__.py").write_text("from p.m import A\n")
    (tmp_path / "p" / "m.py").write_text(PLAIN)
    (tmp_path / "q.py").write_text("from p import A as X\nclass B:\n    def __init__(self, x: X): self.x = x\n")
    tool.close([Path("p/m.py"), Path("q.py")], tmp_path)

    shapes = (tmp_path / "q.pxd").read_text()
    assert "from p.m cimport A as _X_\n" in shapes
    assert "cdef public _X_ x\n" in shapes


@pytest.mark.parametrize(
    "open_",
    [
        PLAIN.replace("class A:", "class A(Other):"),
        PLAIN.replace("class A:", "@dataclass\nclass A:"),
        PLAIN.replace("class A:", "class A(metaclass=M):"),
        PLAIN.replace("__init__", "begin"),
        PLAIN.replace("    def set", "    b = 0\n    def set"),
        PLAIN.replace("    def set", "    b: int = 0\n    def set"),
        PLAIN.replace("def set", "def d"),
        PLAIN.replace("class A:", "class A(asyncio.Protocol):"),
    ],
)
def test_a_class_that_may_be_more_than_it_sets_is_left_open(closed, open_):
    assert closed(open_) == ""


def test_a_protocol_of_the_loop_is_closed_where_it_defines_all_that_the_loop_calls(closed, tool, tmp_path):
    methods = "".join(f"    def {name}(self, *_): pass\n" for name in sorted(tool._CALLED))

    assert "cdef class A:" in closed(PLAIN.replace("class A:", "class A(asyncio.Protocol):") + methods)
    assert "asyncio.Protocol" not in (tmp_path / "module.py").read_text()


DERIVED = "class B(A):\n    def __init__(self):\n        super().__init__()\n        self.b = self.e = 2\n    def set(self): pass\n"


def test_what_is_derived_from_a_closed_class_holds_what_that_does_not(closed):
    shapes = closed(PLAIN + DERIVED)
    assert shapes.endswith("cdef class B(A):\n    cdef public object e\n    cpdef object set(self)\n")


def test_what_stands_in_the_brackets_of_a_base_is_for_readers(closed, tmp_path):
    plain = "T = TypeVar('T')\n" + PLAIN.replace("class A:", "class A(Generic[T]):")
    assert closed(plain + DERIVED.replace("class B(A):", "class B(A[int]):")) == closed(plain + DERIVED)
    assert "class B(A):" in (tmp_path / "module.py").read_text()


def test_it_is_closed_whichever_module_it_is_in(tool, tmp_path):
    (tmp_path / "a.py").write_text("from b import B\nclass C(B):\n    def __init__(self): self.f = 1\n")
    (tmp_path / "b.py").write_text("from c import A\n" + DERIVED)
    (tmp_path / "c.py").write_text(PLAIN)
    tool.close([Path("a.py"), Path("b.py"), Path("c.py")], tmp_path)

    assert "class C(_B_):" in (tmp_path / "a.py").read_text()  # the name that Python imports is no type of C
    assert "cdef class C(_B_):\n    cdef public object f\n" in (tmp_path / "a.pxd").read_text()
    assert "cdef class B(_A_):\n    cdef public object e\n" in (tmp_path / "b.pxd").read_text()


def test_what_is_abstract_is_left_out_of_a_closed_class_with_its_marks(closed, tmp_path):
    text = "class A(ABC):\n    __slots__ = ('b',)\n    def __init__(self): self.b = 1\n"
    text += "    @abstractmethod\n    def f(self): pass\n    @property\n    @abstractmethod\n    def g(self): pass\n"
    assert closed(text) == said("A", "cdef public object b", "cpdef object f(self)")
    left = (tmp_path / "module.py").read_text()
    assert "ABC" not in left
    assert "abstract" not in left
    assert "@property" in left


@pytest.mark.parametrize(
    "derived",
    [
        DERIVED.replace("class B(A):", "class B(A, Other):"),
        DERIVED.replace("class B(A):", "class B(Other):"),
        DERIVED.replace("def set(self): pass", "def set(self): yield 1"),
        DERIVED.replace("def set(self): pass", "def set(self, *, a=1): pass"),
        DERIVED.replace("self.e", "self.set"),
        DERIVED.replace("__init__", "begin"),
    ],
)
def test_what_would_be_called_by_another_name_than_its_base_is_left_open(closed, derived):
    assert "class B" not in closed(PLAIN + derived)


def test_nobody_gives_a_closed_class_an_attribute_that_it_does_not_set_itself(tool):
    """In Python that would work; compiled, it would fail. `__slots__` says the same where it stands."""
    trees = {
        ".".join(path.with_suffix("").parts): ast.parse((tool.SOURCE / path).read_text()) for path in tool.modules()
    }
    for module, classes in tool.find_closed(trees, tool.SOURCE).items():
        for name, one in classes.items():
            slots = next((each.value for each in one.found.body if _is_slots(each)), None)
            held = set().union(*(each.held for each in one.line()))
            assert slots is None or set(_strings(slots)) - {"__weakref__"} <= held, f"{module} {name}"


def _is_slots(one: ast.stmt) -> bool:
    return isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__slots__"


def _strings(node: ast.expr) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]


def test_a_generic_class_is_closed_and_what_it_says_to_be_a_dict_is_one(closed):
    text = """
class Memory(Generic[K, V]):
    def __init__(self):
        self.known: dict[K, V] = {}
        self.order: deque[K] = deque()
"""
    shape = closed(text)
    assert "cdef public dict known" in shape
    assert "cdef public object order" in shape


@pytest.mark.parametrize("decorator", ["dataclass(frozen=True, slots=True)", "dataclass(slots=True)"])
def test_a_plain_record_is_closed_with_its_fields_in_their_order(closed, decorator):
    shape = closed(f"@{decorator}\nclass Pair:\n    second: str\n    first: str = ''\n")
    access = "readonly" if "frozen" in decorator else "public"
    assert f"cdef {access} object second\n    cdef {access} object first" in shape
    assert "__weakref__" not in shape


def test_a_record_that_sets_itself_or_has_something_of_the_class_stays_python(closed):
    head = "@dataclass(frozen=True, slots=True)\nclass Pair:\n    first: str\n"
    assert not closed(head + "    many: ClassVar[int] = 2\n")
    assert not closed(head + "    def __post_init__(self):\n        object.__setattr__(self, 'first', '')\n")


def test_arguments_are_of_the_classes_that_their_hints_say_on_lines_that_were_empty(tool, tmp_path):
    path = tmp_path / "module.py"
    text = f"""from __future__ import annotations


{PLAIN}

def ask(one: A, other: int) -> int:
    return one.b


async def wait(one: A | None) -> None:
    one.set()


def take(one: A) -> object:
    return one.set
"""
    path.write_text(text)
    tool.close([Path("module.py")], tmp_path)
    lines = path.read_text().split("\n")
    assert len(lines) == len(text.split("\n"))
    assert lines[lines.index("def ask(one: A, other: int) -> int:") - 1] == "@_cython.locals(one=A)"
    assert lines[lines.index("async def wait(one: A | None) -> None:") - 1] == "@_cython.locals(one=A)"
    assert not lines[lines.index("def take(one: A) -> object:") - 1]


def test_a_constant_that_only_its_module_knows_is_of_its_class(closed):
    assert "cdef A _HERE\n" in closed(PLAIN + "_HERE: Final = A()\nTHERE: Final = A()\n")
    assert "THERE" not in closed(PLAIN + "_HERE: Final = A()\nTHERE: Final = A()\n")
