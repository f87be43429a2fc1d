"""One-line breakages of what watches over the warehouse: novelties, counts, drift, checks, and the deletion guard."""

from __future__ import annotations

from tests.torture.breakage import Breakage

_NOVELTIES = "tests/integration/test_novelties.py"
_COUNTING = "tests/integration/test_counting.py"
_REFRESH = "tests/integration/test_full_refresh.py"
_QUALITY = "tests/integration/test_quality.py"
_GUARD = "tests/unit/warehouse/test_guard.py"

_NEWS = (
    Breakage(
        "tell what is new each time",
        "warehouse/novelties.py",
        "ON CONFLICT DO NOTHING RETURNING property, value",
        "ON CONFLICT (division, entity, property, value) DO UPDATE SET noted_at = now() RETURNING property, value",
        f"{_NOVELTIES} -k told_once",
    ),
    Breakage(
        "overlook a new property",
        "novelty.py",
        "unknown = set[str]().union(*records) - entity.known_properties",
        "unknown = set[str]()",
        f"{_NOVELTIES} -k told_once",
    ),
    Breakage(
        "overlook a new code value",
        "novelty.py",
        "        if column.values:\n",
        "        if False:\n",
        f"{_NOVELTIES} -k told_once",
    ),
    Breakage(
        "call what a declaration leaves out new",
        "entity.py",
        "frozenset({*self.select, *(name for names in left_out for name in names), *_ENVELOPE})",
        "frozenset({*self.select, *_ENVELOPE})",
        f"{_NOVELTIES} -k always_sent",
    ),
    Breakage("tell hundreds of a page", "novelty.py", "MOST: Final = 50", "MOST: Final = 5000", _NOVELTIES),
    Breakage(
        "keep whatever is new, however much",
        "warehouse/novelties.py",
        "KEPT_AT_MOST: Final = 500",
        "KEPT_AT_MOST: Final = 500_000",
        _NOVELTIES,
    ),
    Breakage(
        "show for ever what was new once",
        "warehouse/novelties.py",
        "return novelty.property in entity.known_properties",
        "return False",
        f"{_NOVELTIES} -k later_release",
    ),
    Breakage(
        "take a missing property for an empty one",
        "normalise.py",
        'raise SkippableRecordError(f"property {missing.args[0]} is missing") from None',
        "return zip(*([record.get(name) for name in names] for record in records), strict=True)",
        "tests/unit/test_normalise.py",
    ),
)
_COUNTS = (
    Breakage(
        "count in every run",
        "warehouse/counts.py",
        "counts.counted_at < clock_timestamp() - interval '23 hours'",
        "true",
        _COUNTING,
    ),
    Breakage(
        "count beyond fifteen calls", "counting.py", "entities)[: max(room, 0)]", "entities)", f"{_COUNTING} -k fifteen"
    ),
    Breakage(
        "count whatever is left of the day",
        "counting.py",
        "return budget is None or budget.day.used <= budget.day.limit * AFFORDABLE_SHARE",
        "return True",
        f"{_COUNTING} -k half",
    ),
    Breakage(
        "count before what was deleted is gone",
        "pulling.py",
        "                result = sync.sync_deletions(self._warehouse, client, entities().values(), ref, run=run)\n",
        """\
                counting.count_at_exact(
                    self._engine, self._warehouse, client, entities().values(), ref.division, run_id=run.run_id
                )
                result = sync.sync_deletions(self._warehouse, client, entities().values(), ref, run=run)
""",
        f"{_COUNTING} -k just_deleted",
    ),
    Breakage(
        "count where deletions are not told",
        "pulling.py",
        "                if not result.refusal:  # or rows that are gone at Exact would count\n",
        "                if True:\n",
        _COUNTING,
    ),
    Breakage(
        "believe a difference that shows once",
        "warehouse/quality/rules.py",
        'is_off = "difference <> 0 AND difference = difference_before"',
        'is_off = "difference <> 0"',
        f"{_COUNTING} -k twice",
    ),
    Breakage(
        "count what waits in quarantine for lost",
        "warehouse/counts.py",
        "AND record_key NOT IN (SELECT key FROM live))",
        "AND false)",
        f"{_COUNTING} -k quarantine",
    ),
    Breakage(
        "count a row and its unreadable version",
        "warehouse/counts.py",
        "AND record_key NOT IN (SELECT key FROM live))",
        ")",
        f"{_COUNTING} -k quarantine",
    ),
    Breakage(
        "count who was erased for lost",
        "warehouse/counts.py",
        "AND source_timestamp = {erasure.FOREVER}) AS most",
        "AND false) AS most",
        f"{_COUNTING} -k erased",
    ),
    Breakage(
        "ask again and again who does not count",
        "counting.py",
        "            counts.keep(connection, entity, division, at_exact)\n        if at_exact is None:\n",
        "            _ = at_exact is None or counts.keep(connection, entity, division, at_exact)\n"
        "        if at_exact is None:\n",
        f"{_COUNTING} -k does_not_count",
    ),
    Breakage(
        "fail a run that cannot count",
        "counting.py",
        "        except ExactSyncError as error:\n",
        "        except StoppedError as error:\n",
        f"{_COUNTING} -k does_not_count",
    ),
)
_DRIFT = (
    Breakage(
        "call a row altered that was not there",
        "warehouse/drift.py",
        "ended._valid_to IS NOT NULL AS was_live",
        "true AS was_live",
        f"{_REFRESH} -k missed",
    ),
    Breakage(
        "call a row lost that was altered",
        "warehouse/drift.py",
        "ended._valid_to IS NOT NULL AS was_live",
        "false AS was_live",
        f"{_REFRESH} -k missed",
    ),
    Breakage(
        "call a deletion missed that Exact tells only now",
        "warehouse/drift.py",
        "SET missed_deletes = missed_deletes - least(missed_deletes, told.rows),",
        "SET missed_deletes = missed_deletes,",
        f"{_REFRESH} -k missed",
    ),
    Breakage(
        "call a deletion missed of which nobody is told",
        "warehouse/drift.py",
        "(published._deleted_at IS NOT NULL AND NOT :knows_deletions)",
        "(false AND NOT :knows_deletions)",
        _REFRESH,
    ),
    Breakage(
        "trust Modified to the second",
        "warehouse/drift.py",
        "OVERLAP: Final = timedelta(hours=2)",
        "OVERLAP: Final = timedelta(0)",
        f"{_REFRESH} -k list",
    ),
    Breakage(
        "call every change late",
        "warehouse/drift.py",
        "AND version.{version} >= published.{version}",
        "AND false",
        f"{_REFRESH} -k missed",
    ),
    Breakage(
        "call what waited in quarantine missed",
        "warehouse/drift.py",
        "AND waiting.record_key = published.{entity.key}::text",
        "AND false",
        _REFRESH,
    ),
    Breakage(
        "call the bank accounts of who came since missed",
        "warehouse/drift.py",
        '                    OR {membership.owner_came(entity, "published") if entity.member_of else "false"}\n',
        "",
        _REFRESH,
    ),
    Breakage(
        "call a first load drift",
        "warehouse/drift.py",
        "if known.full_at is None or known.published_at is None or (entity",
        "if False and (entity",
        f"{_REFRESH} -k first_load",
    ),
    Breakage(
        "keep a line for every comparison",
        "warehouse/drift.py",
        "    if not found.missed and not found.changed_since:\n",
        "    if False:\n",
        _REFRESH,
    ),
)
_CHECKS = (
    Breakage(
        "only warn of two rows with one key",
        "warehouse/quality/rules.py",
        "yield _unique(entity, entity.key, Severity.ERROR)",
        "yield _unique(entity, entity.key, Severity.WARN)",
        f"{_QUALITY} -k error",
    ),
    Breakage(
        "publish though a check found an error",
        "warehouse/quality/results.py",
        "    if not errors:\n",
        "    if True:\n",
        f"{_QUALITY} -k error",
    ),
    Breakage(
        "let a blank code pass",
        "warehouse/quality/rules.py",
        "fails=f\"coalesce(published.{CODE}, '') = ''\"",
        'fails=f"published.{CODE} IS NULL"',
        f"{_QUALITY} -k warnings",
    ),
    Breakage(
        "check what is deleted",
        "warehouse/quality/rules.py",
        "WHERE published.division = ANY(:divisions) AND published._deleted_at IS NULL {where}) AS judged",
        "WHERE published.division = ANY(:divisions) {where}) AS judged",
        f"{_QUALITY} -k deleted",
    ),
    Breakage(
        "let what is deleted be pointed to",
        "warehouse/quality/rules.py",
        "WHERE target.division = published.division AND target._deleted_at IS NULL",
        "WHERE target.division = published.division",
        f"{_QUALITY} -k deleted",
    ),
    Breakage(
        "look for another company's codes",
        "warehouse/quality/rules.py",
        "WHERE target.division = published.division AND target._deleted_at IS NULL",
        "WHERE target._deleted_at IS NULL",
        _QUALITY,
    ),
    Breakage(
        "blame a row that is ahead of what it points to",
        "warehouse/quality/rules.py",
        "AND published._loaded_at <= (SELECT state.published_at",
        "AND '-infinity' <= (SELECT state.published_at",
        f"{_QUALITY} -k cannot_be_known",
    ),
    Breakage(
        "blame what points to a record in quarantine",
        "warehouse/quality/rules.py",
        "WHERE quarantine.division = published.division AND",
        "WHERE false AND",
        f"{_QUALITY} -k cannot_be_known",
    ),
    Breakage(
        "check what is paused",
        "warehouse/quality/checking.py",
        "if not each.is_paused and each.state is not State.DISCONNECTED",
        "if each.state is not State.DISCONNECTED",
        f"{_QUALITY} -k cannot_be_known",
    ),
    Breakage(
        "call a daily list late after three hours",
        "warehouse/quality/rules.py",
        "return LATE_AFTER + entity.compare_every if entity and is_compared else LATE_AFTER",
        "return LATE_AFTER",
        f"{_QUALITY} tests/analysts",
    ),
    Breakage(
        "write a line for each check that is made",
        "warehouse/quality/results.py",
        "FROM found WHERE NOT is_same",
        "FROM found",
        f"{_QUALITY} -k line",
    ),
)
_EDGE = (
    Breakage("ask before a few rows go", "warehouse/guard.py", "doomed > PLAUSIBLE_ROWS", "doomed >= 5", _GUARD),
    Breakage(
        "ask before just the share goes",
        "warehouse/guard.py",
        "doomed > live * self.share",
        "doomed >= live * self.share",
        _GUARD,
    ),
    Breakage(
        "let a few rows be all there are",
        "warehouse/guard.py",
        "empties = bool(absent) and members == 0",
        "empties = False",
        _GUARD,
    ),
    Breakage(
        "ask before a run without rows deletes any",
        "warehouse/guard.py",
        "empties = bool(absent) and members == 0",
        "empties = members == 0",
        _GUARD,
    ),
    Breakage("take any number for a share", "warehouse/guard.py", "if not 0 <= share <= 1:", "if False:", _GUARD),
)
HEALTH = (*_NEWS, *_COUNTS, *_DRIFT, *_CHECKS, *_EDGE)
