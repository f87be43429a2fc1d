"""Who is reading what: finds two readers of one data set, and skip tokens that were never given."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Dataset(NamedTuple):
    """What must have one reader at a time (Exact's best practices)."""

    client_id: str
    division: int | None
    endpoint: str


class Readers:
    """Follows every sequence of pages. Not thread-safe."""

    def __init__(self) -> None:
        self._in_flight: Counter[Dataset] = Counter()
        self._links: dict[tuple[Dataset, int], int] = {}
        self._current: dict[Dataset, int] = {}
        self._sequences = 0

    def enter(self, dataset: Dataset) -> bool:
        """Note that a call has begun; return True if it is alone."""
        self._in_flight[dataset] += 1
        return self._in_flight[dataset] == 1

    def leave(self, dataset: Dataset) -> None:
        """Note that a call has ended."""
        self._in_flight[dataset] -= 1

    def begin_sequence(self, dataset: Dataset) -> int:
        """Note that a list is being read from its first page; return the number of the sequence."""
        self._sequences += 1
        self._current[dataset] = self._sequences
        return self._sequences

    def find_sequence(self, dataset: Dataset, pairs: list[tuple[str, str]]) -> int | None:
        """Return the sequence that was given a link with these parameters; None if no link was."""
        return self._links.get((dataset, _fingerprint(pairs)))

    def go_on(self, dataset: Dataset, sequence: int) -> bool:
        """Note that a sequence goes on; return True unless another one began or went on since."""
        is_current = self._current.get(dataset) == sequence
        self._current[dataset] = sequence
        return is_current

    def give_link(self, dataset: Dataset, pairs: list[tuple[str, str]], sequence: int) -> None:
        """Remember the parameters of a `__next` that was handed out."""
        self._links[dataset, _fingerprint(pairs)] = sequence


def _fingerprint(pairs: list[tuple[str, str]]) -> int:
    return hash(frozenset(pairs))
