"""How far a run is."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Ticker(Progress):
    """A progress bar that draws once a second: the load core has other work to do."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, refresh_per_second=1, transient=True)
        self._only = self.add_task("", total=total, completed=-1)

    def tell(self, what: str) -> None:
        """Say what comes next; what came before is done."""
        self.update(self._only, description=what, advance=1)
