"""Neighbours that several modules share."""

from tests.support.live import live  # noqa: F401 - a fixture
from tests.support.softhsm import softhsm  # noqa: F401 - a fixture
