"""Several items worked on at once, by a bounded number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Sequence[T], *, threads: int) -> Iterator[tuple[T, R]]:
    """Yield each item with its result, as they come; each is worked on with the caller's context variables.

    If the caller goes away, or work raises, no further item is begun.
    """
    if threads == 1 or len(items) == 1:  # in the caller's thread, where signals arrive
        for item in items:
            yield item, work(item)
        return
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        begun = {pool.submit(copy_context().run, work, item): item for item in items}
        for done in as_completed(begun):
            yield begun[done], done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
