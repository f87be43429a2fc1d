"""What docs/connections.md shows of the state machine: `python -m tests.unit.lifecycle_page` writes it anew."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from exactsync.lifecycle import TRANSITIONS, Choice, Event, Reason, State, actions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parents[2] / "docs" / "connections.md"
_BRANCHES = [
    (Choice.BACK, State.PAUSED, "it was paused"),
    (Choice.BACK, Choice.WORK, "it was not"),
    (Choice.WORK, State.CHOOSE_COMPANY, "no company is chosen"),
    (Choice.WORK, State.INITIAL_SYNC, "not everything was loaded once"),
    (Choice.WORK, State.HEALTHY, "everything was"),
]


def diagram() -> str:
    """The state machine as mermaid draws it, without what leaves a state as it is."""
    edges: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for (state, event), after in sorted(TRANSITIONS.items(), key=_in_order):
        if state != after:
            edges[state, after].append(event)
    choices = [f"    state {choice} <<choice>>" for choice in Choice]
    lines = ["stateDiagram-v2", *choices, f"    [*] --> {State.NOT_CONFIGURED}"]
    lines += [
        f"    {state} --> {after}: {', '.join(event.label for event in events)}"
        for (state, after), events in edges.items()
    ]
    lines += [f"    {choice} --> {after}: {condition}" for choice, after, condition in _BRANCHES]
    return "\n".join(["```mermaid", *lines, "```"])


def table() -> str:
    """Every state, every event and what it leads to, and what a person may do."""
    return _table(
        ["state", *(event.label for event in Event), "a person may"],
        (
            [
                f"**{state.label.lower()}**",
                *(_cell(state, event) for event in Event),
                ", ".join(action.replace("_", " ") for action in actions(state)),
            ]
            for state in State
        ),
    )


def reasons() -> str:
    """Every reason, what it means and what to do."""
    return _table(["reason", "what has happened", "what to do"], ([f"`{r}`", r.text, r.remedy] for r in Reason))


BLOCKS = {"diagram": diagram, "table": table, "reasons": reasons}


def written(page: str) -> str:
    """The page with each block as it should be."""
    for name, block in BLOCKS.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
        page = re.sub(marks, lambda found, block=block: f"{found[1]}{block()}\n{found[2]}", page, flags=re.DOTALL)
    return page


def _in_order(entry: tuple[tuple[State, Event], State | Choice]) -> tuple[int, int]:
    (state, event), _ = entry
    return list(State).index(state), list(Event).index(event)


def _cell(state: State, event: Event) -> str:
    after = TRANSITIONS.get((state, event))
    if after is None:
        return ""
    if isinstance(after, Choice):
        return f"→ *{after}*"
    return "stays" if after == state else f"→ {after.replace('_', ' ')}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def lines() -> Iterator[Iterable[str]]:
        titles = list(head)
        yield titles
        yield ["---"] * len(titles)
        yield from rows

    return "\n".join(f"| {' | '.join(line)} |" for line in lines())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
