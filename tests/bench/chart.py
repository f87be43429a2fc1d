"""The chart of the report: bars in SVG that can be read on light and on dark pages."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD = 760, 190, 110, 20, 8, 44
STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .bar { fill: #8c959f } .ours { fill: #0969da } .whisker { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } .whisker { stroke: #e6edf3 }
  }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: the median, with the quartiles as a line across its end."""

    label: str
    low: float
    median: float
    high: float
    told: str
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Bars that are compared with each other."""

    title: str
    bars: Sequence[Bar]


def draw(panels: Sequence[Panel], *, about: str) -> str:
    """Return the picture as SVG."""
    parts, top = [], 0
    for panel in panels:
        parts += _panel(panel, top)
        top += HEAD + len(panel.bars) * (BAR + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + GAP}" role="img">\n'
        f"<title>{escape(about)}</title>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _panel(panel: Panel, top: int) -> list[str]:
    scale = (WIDTH - LEFT - RIGHT) / max(bar.high for bar in panel.bars)
    parts = [f'<text class="title" x="0" y="{top + 26}">{escape(panel.title)}</text>']
    for place, bar in enumerate(panel.bars):
        y = top + HEAD + place * (BAR + GAP)
        middle = y + BAR / 2
        kind = "ours" if bar.is_ours else "bar"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{bar.median * scale:.1f}" height="{BAR}" rx="2"/>',
            f'<line class="whisker" x1="{LEFT + bar.low * scale:.1f}" x2="{LEFT + bar.high * scale:.1f}" '
            f'y1="{middle}" y2="{middle}"/>',
            f'<text x="{LEFT + bar.high * scale + 8:.1f}" y="{y + 15}">{escape(bar.told)}</text>',
        ]
    return parts
