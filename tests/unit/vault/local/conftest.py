"""The sealed file, in a folder of its own."""

from tests.unit.sealed.conftest import folder, store

__all__ = ["folder", "store"]
