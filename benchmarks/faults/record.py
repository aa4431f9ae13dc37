"""What has been measured so far, in a file that is written after each scenario: an interruption costs one of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

from benchmarks.errors import BenchmarkFailed
from benchmarks.faults.figures import Figure
from benchmarks.places import ROOT

DEFAULT: Final = ROOT / "benchmarks" / "results" / "faults.local.json"
QUICK: Final = DEFAULT.with_name("faults-quick.local.json")


@dataclass(slots=True)
class Record:
    """Figures by scenario.

    Attributes:
        path: of the file.
        quick: whether they are those of small and short scenarios.
        played: the figures of each scenario that has been played, in that order.
    """

    path: Path
    quick: bool
    played: dict[str, list[Figure]] = field(default_factory=dict)

    @classmethod
    def resumed(cls, path: Path, *, quick: bool) -> Self:
        """Return what is in the file; nothing, where there is none.

        Raises:
            BenchmarkFailed: it holds something else, or figures of the other extent.
        """
        if not path.exists():
            return cls(path, quick)
        try:
            told = json.loads(path.read_text())
            played = {name: [Figure(**one) for one in figures] for name, figures in told["scenarios"].items()}
        except (ValueError, TypeError, KeyError) as error:
            raise BenchmarkFailed(f"{path} holds no figures: {error}") from error
        if told["quick"] is not quick:
            raise BenchmarkFailed(f"{path} holds figures of another extent (--quick)")
        return cls(path, quick, played)

    def add(self, name: str, figures: list[Figure]) -> None:
        """Note the figures of a scenario, also on disk."""
        self.played[name] = figures
        told = {name: [asdict(figure) for figure in found] for name, found in self.played.items()}
        draft = self.path.with_suffix(".new")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"quick": self.quick, "scenarios": told}, indent=1) + "\n")
        draft.replace(self.path)

    def figures(self) -> list[Figure]:
        """Return all of them."""
        return [figure for figures in self.played.values() for figure in figures]
