from tests.support.surroundings import furnished

__all__ = ["furnished"]
