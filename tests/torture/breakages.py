"""One-line breakages of the library, each of which turns a test red."""

from __future__ import annotations

from tests.torture.breakage import Breakage
from tests.torture.export_breakages import EXPORTS
from tests.torture.health_breakages import HEALTH
from tests.torture.payables_breakages import PAYABLES
from tests.torture.truth_breakages import TRUTH

PUBLISH = "tests/integration/test_publish.py"
NORMALISE = "tests/unit/test_normalise.py"
MATRIX = "tests/torture/test_matrix.py"
GUARDS = "tests/torture/test_guards.py"
GRANT_ENDS = "tests/integration/test_grant_ends.py"
BREAKAGES = (
    Breakage(
        "drop the tombstone check",
        "warehouse/merge.py",
        "AND (staged._source_timestamp <= tombstone.source_timestamp) IS NOT FALSE",
        "AND false",
        PUBLISH,
    ),
    Breakage(
        "give every reader the lease",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"] == holder or (not outlives_holder and _is_dead(row, host))):',
        "if False:",
        PUBLISH,
    ),
    Breakage(
        "drop the fence",
        "warehouse/leases.py",
        'AND entity = :entity AND fence = :fence\n""")',
        'AND entity = :entity\n""")',
        PUBLISH,
    ),
    Breakage(
        "forget the staged pages",
        "warehouse/loads.py",
        "return Load(**found) if found else None",
        "return None",
        PUBLISH,
    ),
    Breakage(
        "write unchanged rows again", "warehouse/merge.py", "({before}) IS DISTINCT FROM ({after})", "true", PUBLISH
    ),
    Breakage(
        "keep repeated rows", "warehouse/merge.py", "AS versions WHERE version > 1", "AS versions WHERE false", PUBLISH
    ),
    Breakage(
        "switch the deletion guard off",
        "warehouse/guard.py",
        "if is_implausible and not self.is_confirmed:",
        "if False:",
        PUBLISH,
    ),
    Breakage(
        "take unreadable rows for deleted",
        "normalise.py",
        "keyed = [entry.key for entry in quarantined if entry.key]",
        "keyed: list[str] = []",
        PUBLISH,
    ),
    Breakage(
        "leave the deleted dead", "warehouse/merge.py", "published._deleted_at IS NOT NULL OR", "false OR", PUBLISH
    ),
    Breakage(
        "apply deletions to newer rows",
        "warehouse/deletions.py",
        "AND (published._source_timestamp <= tombstone.source_timestamp) IS NOT FALSE",
        "",
        "tests/truth tests/integration/test_sync.py",
    ),
    Breakage(
        "stop the watermark",
        "warehouse/state.py",
        "watermark = GREATEST(watermark, :watermark)",
        "watermark = watermark",
        "tests/integration/test_sync.py",
    ),
    Breakage("keep the padding", "wire.py", 'text.strip(" ")', "text", NORMALISE),
    Breakage("take the Dutch clock for UTC", "wire.py", 'ZoneInfo("Europe/Amsterdam")', 'ZoneInfo("UTC")', NORMALISE),
    Breakage(
        "take the doubled hour's second pass", "wire.py", "        return before\n", "        return after\n", NORMALISE
    ),
    Breakage(
        "store customers as suppliers", "normalise.py", "if entity.member_property is None:", "if True:", NORMALISE
    ),
    Breakage("let U+0000 through", "wire.py", 'value and value.replace("\\0", "")', "value", NORMALISE),
    Breakage("leave backslashes alone in COPY", "normalise.py", '"\\\\": "\\\\\\\\", ', "", PUBLISH),
    Breakage(
        "refresh early",
        "warehouse/tokens.py",
        "REFRESHABLE_SHARE: Final = 0.95",
        "REFRESHABLE_SHARE: Final = 0.5",
        "tests/integration/test_grant.py",
    ),
    Breakage(
        "refresh without claiming the generation",
        "warehouse/tokens.py",
        "AND (intent_expires_at IS NULL OR intent_expires_at <= clock_timestamp())",
        "",
        "tests/integration/test_grant.py",
    ),
    Breakage(
        "ignore foreign calls",
        "budget/rules.py",
        "FOREIGN_CAUTION_S: Final = 3_600.0",
        "FOREIGN_CAUTION_S: Final = 0.0",
        "tests/unit/exact/test_budget.py",
    ),
    Breakage(
        "believe what was sent before a clock was set",
        "budget/rules.py",
        "if was_set and not call.is_current:",
        "if False:",
        "tests/unit/exact/test_budget.py",
    ),
    Breakage(
        "take an answer of the present for one of the past",
        "budget/window.py",
        "if not call.is_current:",
        "if True:",
        "tests/unit/exact/test_budget.py",
    ),
    Breakage(
        "keep what the dead had reserved",
        "budget/rules.py",
        "if minute.used < minute.limit or not in_flight.left_over",
        "if True or not in_flight.left_over",
        "tests/integration/test_ledger.py",
    ),
    Breakage(
        "leave no room for others",
        "budget/rules.py",
        "FOREIGN_BURST: Final = 1 / 3",
        "FOREIGN_BURST: Final = 0.0",
        "tests/unit/exact/test_budget.py",
    ),
    Breakage(
        "follow any next link",
        "exact/client.py",
        "    def _require_own(self, url: str, division: int) -> None:\n",
        "    def _require_own(self, url: str, division: int) -> None:\n        return\n",
        "tests/unit/exact/test_client.py",
    ),
    Breakage(
        "keep a next link that leads elsewhere",
        "exact/client.py",
        "        if page.next_url is not None:\n            self._require_own",
        "        if False:\n            self._require_own",
        "tests/unit/exact/test_client.py",
    ),
    Breakage(
        "let a lost database speak for itself",
        "attempts.py",
        "            with clear_outages():\n",
        "            with suppress():\n",
        f"{MATRIX} -k database",
    ),
    Breakage(
        "let the dead keep their lease",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"]',
        'if not (row["holder"]',
        f"{GUARDS} -k dead",
    ),
    Breakage(
        "wait for the dead to refresh",
        "credentials.py",
        "self.intent_expires_at is not None and self.intent_expires_at > self.read_at",
        "self.intent_expires_at is not None",
        f"{GUARDS} -k dead",
    ),
    Breakage("overdraw the day", "budget/rules.py", "if day.used >= day_limit:", "if False:", f"{GUARDS} -k day"),
    Breakage(
        "read while a full refresh reads",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"] == holder or (not outlives_holder and _is_dead(row, host))):',
        "if False:",
        f"{GUARDS} -k hourly",
    ),
    Breakage(
        "begin each day from the start",
        "warehouse/loads.py",
        "return Load(**found) if found else None",
        "return None",
        f"{GUARDS} -k day",
    ),
    Breakage(
        "turn the skipped hour back",
        "wire.py",
        "return _first_ms_of_offset(after, before)",
        "return after",
        f"{GUARDS} -k skipped",
    ),
    Breakage(
        "keep winter time all year",
        "wire.py",
        'ZoneInfo("Europe/Amsterdam")',
        'ZoneInfo("Etc/GMT-1")',
        f"{GUARDS} -k night",
    ),
    Breakage(
        "refresh another installation's grant",
        "warehouse/tokens.py",
        "  AND coalesce(instance_id, :instance_id) = :instance_id\n",
        "",
        f"{GRANT_ENDS} -k race",
    ),
    Breakage(
        "use another installation's grant",
        "exact/grant.py",
        "if not grant.is_ours:",
        "if False:",
        f"{GRANT_ENDS} -k copied",
    ),
    Breakage(
        "take a lost answer for someone else's doing",
        "exact/grant.py",
        'if said == "used" and not claim.is_probe and grant.intent_owner == claim.owner:',
        'if said == "used":',
        f"{GRANT_ENDS} -k lost_answer",
    ),
    Breakage(
        "show Exact the same wrong secret again",
        "exact/grant.py",
        "if grant.refused_client == self._app.fingerprint:",
        "if False:",
        f"{GRANT_ENDS} -k secret",
    ),
    Breakage(
        "encrypt anew over a newer pair",
        "warehouse/rotation.py",
        "AND generation = :generation AND refresh_token = :former",
        "",
        "tests/integration/test_grant.py -k stored_while",
    ),
    Breakage(
        "let paused grants lapse",
        "warehouse/grants_in_use.py",
        "WHERE integration.state <> 'disconnected'",
        "WHERE integration.state NOT IN ('disconnected', 'paused')",
        "tests/integration/test_keepalive.py -k paused",
    ),
    Breakage(
        "tell the same thing twice",
        "warehouse/alerts.py",
        "    WHERE told.since <> excluded.since\n       OR",
        "    WHERE true OR",
        "tests/integration/test_keepalive.py -k told_once",
    ),
    Breakage(
        "print secrets",
        "exact/redact.py",
        "        if secret in text:",
        "        if False:",
        "tests/unit/exact/test_redact.py",
    ),
    *PAYABLES,
    *TRUTH,
    *HEALTH,
    *EXPORTS,
)
