"""Neighbours that several modules share."""

from tests.support.live import live  # noqa: F401 - a fixture
