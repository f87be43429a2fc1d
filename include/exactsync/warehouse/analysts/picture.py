"""Which table refers to which, as a picture: boxes on both sides, and between them a track for each table referred to.

A reference runs level from its column to the track of the table that it means, where a dot joins them, and the track
runs to that table's head. Nothing depends on chance or on colour alone: each column says what it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exactsync.entity import Column, Entity

_BOX: Final = 430
_ROW: Final = 18
_HEAD: Final = 28
_GAP: Final = 18
_MARGIN: Final = 16
_TRACK: Final = 18
_SHIFT: Final = _ROW // 2  # of the right side, so that no wire from there runs along one from the left
_ROOM: Final = 24  # between a box and the first track
_TURNS: Final = 137.5  # degrees of hue from one track to the next: neighbours differ most

_STYLE: Final = """
    svg { font: 13px system-ui, sans-serif; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --box: #ffffff;
          --head: #f0f3f6; --page: #ffffff; --shade: 38%; }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --box: #0d1117; --head: #212830; --page: #0d1117;
            --shade: 66%; }
    }
    .page { fill: var(--page); } .box { fill: var(--box); stroke: var(--line); } .head { fill: var(--head); }
    .name { fill: var(--ink); font-weight: 600; } .column { fill: var(--ink); font: 12px ui-monospace, monospace; }
    .soft { fill: var(--soft); font-size: 12px; } .wire { fill: none; stroke-width: 1.5; }
"""


@dataclass(frozen=True, slots=True)
class _Box:
    entity: Entity
    x: int
    y: int
    is_left: bool

    @property
    def rows(self) -> list[Column]:
        return [column for column in self.entity.columns if column.references]

    @property
    def height(self) -> int:
        return _HEAD + _ROW * (len(self.rows) + 1) + 8

    @property
    def port(self) -> int:
        """Where wires leave and arrive."""
        return self.x + _BOX if self.is_left else self.x

    @property
    def middle_of_head(self) -> int:
        return self.y + _HEAD // 2

    def middle_of_row(self, position: int) -> int:
        return self.y + _HEAD + _ROW * (position + 1) + _ROW // 2


def draw(entities: Mapping[str, Entity]) -> str:
    """Return the picture as SVG, readable on light and dark pages; the same entities give the same picture."""
    meant = {column.references for entity in entities.values() for column in entity.columns}
    tracks = [name for name in entities if name in meant]
    between = 2 * _ROOM + _TRACK * max(len(tracks) - 1, 0)
    boxes = _arrange(entities, right=_MARGIN + _BOX + between)
    width = 2 * (_MARGIN + _BOX) + between
    height = max(box.y + box.height for box in boxes) + _MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title">',
        '  <title id="title">Tables of schema exact_online and what their columns refer to</title>',
        f"  <style>{_STYLE}  </style>",
        f'  <rect class="page" width="{width}" height="{height}"/>',
    ]
    for position, name in enumerate(tracks):
        lines += _track(name, boxes, _MARGIN + _BOX + _ROOM + _TRACK * position, int(position * _TURNS) % 360)
    for box in boxes:
        lines += _box(box)
    return "\n".join([*lines, "</svg>", ""])


def _arrange(entities: Mapping[str, Entity], *, right: int) -> list[_Box]:
    """Put each box where there is more room, in the order of the names."""
    boxes = []
    ends = {True: _MARGIN, False: _MARGIN + _SHIFT}
    for entity in entities.values():
        is_left = ends[True] <= ends[False]
        box = _Box(entity, _MARGIN if is_left else right, ends[is_left], is_left)
        boxes.append(box)
        ends[is_left] += box.height + _GAP
    return boxes


def _track(name: str, boxes: list[_Box], x: int, hue: int) -> Iterator[str]:
    """Everything that refers to one table: level wires to its track, and the track to its head."""
    target = next(box for box in boxes if box.entity.name == name)
    joints = [
        (box.port, box.middle_of_row(position))
        for box in boxes
        for position, column in enumerate(box.rows)
        if column.references == name
    ]
    heights = [y for _, y in joints] + [target.middle_of_head]
    back = -8 if target.is_left else 8
    arrow = f"M{target.port - back} {target.middle_of_head - 4}L{target.port} {target.middle_of_head}l{-back} 4z"
    yield f'  <g style="--hue: hsl({hue} 70% var(--shade))" stroke="var(--hue)" fill="var(--hue)">'
    yield f"    <title>{escape(name)}</title>"
    yield f'    <path class="wire" d="M{x} {min(heights)}V{max(heights)}M{x} {target.middle_of_head}H{target.port}"/>'
    yield f'    <path d="{arrow}" stroke="none"/>'
    for port, y in joints:
        yield f'    <path class="wire" d="M{port} {y}H{x}"/><circle cx="{x}" cy="{y}" r="3"/>'
    yield "  </g>"


def _box(box: _Box) -> Iterator[str]:
    entity = box.entity
    others = len(entity.columns) - len(box.rows) - 1
    key = "division" if entity.key == "division" else f"division, {entity.key}"
    yield f'  <rect class="box" x="{box.x}" y="{box.y}" width="{_BOX}" height="{box.height}" rx="6"/>'
    yield f'  <rect class="head" x="{box.x + 1}" y="{box.y + 1}" width="{_BOX - 2}" height="{_HEAD - 2}" rx="5"/>'
    yield f'  <text class="name" x="{box.x + 12}" y="{box.y + 19}">{escape(entity.name)}</text>'
    right = box.x + _BOX - 12
    yield (
        f'  <text class="soft" x="{right}" y="{box.y + 19}" text-anchor="end">'
        f"key: {key} · {others} more column{'s' if others != 1 else ''}</text>"
    )
    y = box.middle_of_row(-1) + 4
    yield f'  <text class="soft" x="{box.x + 12}" y="{y}">{escape(entity.label)}</text>'
    for position, column in enumerate(box.rows):
        y = box.middle_of_row(position) + 4
        target = f"{column.references}.{column.referenced_column}"
        yield f'  <text class="column" x="{box.x + 12}" y="{y}">{escape(column.name)}</text>'
        yield f'  <text class="soft" x="{right}" y="{y}" text-anchor="end">→ {escape(target)}</text>'
