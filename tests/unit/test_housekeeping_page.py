"""docs/housekeeping.md tells the retention that is built."""

from __future__ import annotations

import re
from pathlib import Path

from exactsync.warehouse.retention import ABANDONED, RULES

PAGE = (Path(__file__).parents[2] / "docs" / "housekeeping.md").read_text()


def test_the_page_tells_how_long_each_table_keeps_its_rows() -> None:
    told = re.findall(r"^\| `(\w+)` \| (\d+) days? \| (\d+) \|(.*)\|$", PAGE, re.MULTILINE)
    assert [(table, int(days), int(least), kept.strip()) for table, days, least, kept in told] == [
        (rule.table, rule.days, rule.least_days, rule.kept) for rule in (*RULES, ABANDONED)
    ]
