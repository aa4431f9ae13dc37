"""How a run ends when it does not end well."""


class BenchmarkFailed(Exception):
    """A peer did not start, did not do its work, or was not measured properly. The text is for the user."""

    exit_code = 1


class Unable(BenchmarkFailed):
    """A peer works, and cannot do what is asked: it is left out, and the run has not failed."""


class Missing(BenchmarkFailed):
    """Something is not installed. The text says what, and how to get it."""

    exit_code = 3
