"""The callers."""
