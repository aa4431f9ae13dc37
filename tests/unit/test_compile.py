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
        tool.close(path)
        shapes = path.with_suffix(".pxd")
        return shapes.read_text() if shapes.exists() else ""

    return close


PLAIN = "class A:\n    def __init__(self):\n        self.b = 1\n    def set(self):\n        self._c, self.d = 2, 3\n"


def test_a_plain_class_holds_what_it_sets_on_itself(closed):
    held = "".join(f"    cdef public object {name}\n" for name in ("_c", "b", "d"))
    assert closed(PLAIN) == f"cdef class A:\n{held}    cdef object __weakref__\n"
    assert (
        closed(PLAIN.replace("    def set", '    __slots__ = ("_c", "b", "d")\n    def set'))
        == f"cdef class A:\n{held}"
    )


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


def test_nobody_gives_a_closed_class_an_attribute_that_it_does_not_set_itself(tool):
    """In Python that would work; compiled, it would fail. `__slots__` says the same where it stands."""
    for path in tool.modules():
        for found in ast.parse((tool.SOURCE / path).read_text()).body:
            if isinstance(found, ast.ClassDef) and (held := tool._held(found)):
                slots = next((one.value for one in found.body if _is_slots(one)), None)
                assert slots is None or set(_strings(slots)) <= held, f"{path} {found.name}"


def _is_slots(one: ast.stmt) -> bool:
    return isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "__slots__"


def _strings(node: ast.expr) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
