"""What does an answer say of its own age?"""

from __future__ import annotations

import pytest

from ostiary.jwks.caching import lifetime


@pytest.mark.parametrize(
    ("control", "age", "seconds"),
    [
        ("max-age=300", "", 300),
        ("public, max-age=21540, must-revalidate, no-transform", "", 21540),  # Google's
        ("Max-Age=300", "", 300),
        ('max-age="300"', "", 300),
        ("max-age=300", "100", 200),
        ("max-age=300", "400", 0),
        ("max-age=300", "soon", 300),
        ("no-cache", "", 0),  # Keycloak's
        ("no-cache, no-store, max-age=0, must-revalidate", "", 0),
        ("no-store, max-age=300", "", 0),
        ("", "", None),
        ("public", "", None),
        ("s-maxage=300", "", None),  # for shared caches
        ("max-age=-1", "", None),
        ("max-age=1e9", "", None),
        ("max-age=99999999999999999999", "", None),
        ("max-age", "", None),
    ],
)
def test_cache_control(control: str, age: str, seconds: float | None) -> None:
    assert lifetime({"cache-control": control, "age": age}) == seconds
