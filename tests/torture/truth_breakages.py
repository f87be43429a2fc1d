"""One-line breakages of what keeps the warehouse true: what is read when, what is compared, deleted and remembered."""

from __future__ import annotations

from tests.torture.breakage import Breakage

_READING = "tests/integration/test_reading.py"
_HISTORY = "tests/integration/test_history.py"
_PUBLISH = "tests/integration/test_publish.py"
_REFRESH = "tests/integration/test_full_refresh.py"

TRUTH = (
    Breakage(
        "never compare lists again",
        "reading.py",
        'return "not compared lately" if now - known.full_at + LEEWAY >= entity.compare_every else None',
        "return None",
        f"{_READING} -k daily",
    ),
    Breakage(
        "read nothing again by Modified",
        "exact/feed.py",
        "modified_since(after - OVERLAP_MS)",
        "modified_since(after)",
        f"{_READING} -k within_two_hours",
    ),
    Breakage(
        "let a Modified to come be the watermark",
        "exact/feed.py",
        "for moment in moments if moment <= ahead",
        "for moment in moments",
        f"{_READING} -k future",
    ),
    Breakage(
        "keep no version that ends",
        "warehouse/history.py",
        "WHERE published._deleted_at IS NULL AND ({where}))",
        "WHERE false AND ({where}))",
        _HISTORY,
    ),
    Breakage(
        "let validity follow a clock that is set back",
        "warehouse/state.py",
        "GREATEST(clock_timestamp(), changed_at + interval '1 microsecond')",
        "clock_timestamp()",
        f"{_HISTORY} -k set_back",
    ),
    Breakage(
        "keep the watermarks of a company that was moved",
        "warehouse/publish.py",
        "        state.start_anew(connection, load.division, keep=entity.name)\n",
        "",
        f"{_READING} -k moved",
    ),
    Breakage(
        "keep the tombstones of a company that was moved",
        "warehouse/state.py",
        "division = :division AND source_timestamp < 9223372036854775807",
        "false AND division = :division",
        f"{_READING} -k lower",
    ),
    Breakage(
        "publish what was read before the company was moved",
        "warehouse/publish.py",
        "        loads.discard_others(connection, load)\n",
        "",
        f"{_REFRESH} -k moved",
    ),
    Breakage(
        "publish a load that is mostly unreadable",
        "warehouse/publish.py",
        "if quarantined > PLAUSIBLE_ROWS and quarantined > load.rows_read * UNREADABLE_SHARE:",
        "if False:",
        f"{_READING} -k cannot_be_read",
    ),
    Breakage(
        "leave records of lists in quarantine",
        "reading.py",
        "    if quarantined:\n",
        "    if False:\n",
        f"{_READING} -k quarantine",
    ),
    Breakage(
        "leave records of sync feeds in quarantine",
        "warehouse/quarantine.py",
        "return int(lowest) - 1 if (between or 0) < page_size // 2 else watermark",
        "return watermark",
        f"{_READING} -k quarantine",
    ),
    Breakage(
        "compare lists without the deletion guard",
        "warehouse/publish.py",
        "merge.count_doomed(absent=absent > 0)",
        "merge.count_doomed(absent=False)",
        f"{_PUBLISH} -k implausible",
    ),
    Breakage(
        "store the bank accounts of customers",
        "warehouse/merge.py",
        'AND {membership.lacks_owner(self._entity, "staged")}',
        "AND false",
        f"{_READING} -k bank_accounts",
    ),
    Breakage(
        "keep the bank accounts of who stops being a supplier",
        "warehouse/publish.py",
        "merge.delete_orphans() if entity.member_of else 0",
        "0",
        f"{_READING} -k bank_accounts",
    ),
    Breakage(
        "forget the bank accounts of who becomes a supplier",
        "warehouse/membership.py",
        "    return bool(found)\n",
        "    return False\n",
        f"{_READING} -k bank_accounts",
    ),
    Breakage(
        "call all that a comparison finds missed",
        "warehouse/drift.py",
        "published.{version} <= :due AS was_due",
        "true AS was_due",
        f"{_REFRESH} -k missed",
    ),
    Breakage(
        "call a row missed that was created since",
        "warehouse/drift.py",
        "                    OR {_came_since(entity)}\n",
        "",
        f"{_REFRESH} -k since",
    ),
    Breakage(
        "call a change missed that does not say when it was made",
        "warehouse/drift.py",
        "was_excused AND (is_new OR :is_incremental), false)",
        "was_excused AND (true OR :is_incremental), false)",
        f"{_REFRESH} -k since",
    ),
)
