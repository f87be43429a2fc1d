"""Break the library, one line at a time, and see that a test turns red each time.

`python -m tests.torture.sabotage` breaks a copy, never the checkout; it prints a table and ends with 1 if a breakage
went unnoticed. `--table FILE` writes the table as Markdown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path("include/exactsync")
PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One line of the library, what it becomes, and the tests that ought to notice."""

    name: str
    file: str
    line: str
    broken: str
    tests: str


PUBLISH = "tests/integration/test_publish.py"
NORMALISE = "tests/unit/test_normalise.py"
MATRIX = "tests/torture/test_matrix.py"
GUARDS = "tests/torture/test_guards.py"
SABOTAGES = (
    Sabotage(
        "drop the tombstone check",
        "warehouse/merge.py",
        "AND staged._source_timestamp <= tombstone.source_timestamp",
        "AND false",
        PUBLISH,
    ),
    Sabotage(
        "give every reader the lease",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"] == holder or _is_dead(row, host)):',
        "if False:",
        PUBLISH,
    ),
    Sabotage(
        "drop the fence",
        "warehouse/leases.py",
        'AND entity = :entity AND fence = :fence\n""")',
        'AND entity = :entity\n""")',
        PUBLISH,
    ),
    Sabotage(
        "forget the staged pages",
        "warehouse/loads.py",
        "return Load(**found) if found else None",
        "return None",
        PUBLISH,
    ),
    Sabotage(
        "write unchanged rows again", "warehouse/merge.py", "({before}) IS DISTINCT FROM ({after})", "true", PUBLISH
    ),
    Sabotage(
        "keep repeated rows", "warehouse/merge.py", "AS versions WHERE version > 1", "AS versions WHERE false", PUBLISH
    ),
    Sabotage(
        "switch the deletion guard off",
        "warehouse/publish.py",
        "if implausible and not confirmed:",
        "if False:",
        PUBLISH,
    ),
    Sabotage(
        "take unreadable rows for deleted",
        "normalise.py",
        "keyed = [entry.key for entry in quarantined if entry.key]",
        "keyed: list[str] = []",
        PUBLISH,
    ),
    Sabotage(
        "leave the deleted dead", "warehouse/merge.py", "published._deleted_at IS NOT NULL OR", "false OR", PUBLISH
    ),
    Sabotage(
        "apply deletions to newer rows",
        "warehouse/deletions.py",
        "AND published._source_timestamp <= tombstone.source_timestamp",
        "",
        "tests/truth tests/integration/test_sync.py",
    ),
    Sabotage(
        "stop the watermark",
        "warehouse/state.py",
        "watermark = GREATEST(watermark, :watermark)",
        "watermark = watermark",
        "tests/integration/test_sync.py",
    ),
    Sabotage("keep the padding", "normalise.py", 'value.strip(" ")', "value", NORMALISE),
    Sabotage(
        "take the Dutch clock for UTC", "normalise.py", '_DUTCH = "Europe/Amsterdam"', '_DUTCH = "UTC"', NORMALISE
    ),
    Sabotage(
        "take the doubled hour's second pass", "normalise.py", "ambiguous=np.ones(", "ambiguous=np.zeros(", NORMALISE
    ),
    Sabotage(
        "store customers as suppliers", "normalise.py", "if entity.member_property is None:", "if True:", NORMALISE
    ),
    Sabotage("let U+0000 through", "normalise.py", 'text = text.replace("\\0", "")', "pass", NORMALISE),
    Sabotage("leave backslashes alone in COPY", "normalise.py", '"\\\\": "\\\\\\\\", ', "", PUBLISH),
    Sabotage(
        "refresh early",
        "warehouse/tokens.py",
        "REFRESHABLE_SHARE: Final = 0.95",
        "REFRESHABLE_SHARE: Final = 0.5",
        "tests/integration/test_grant.py",
    ),
    Sabotage(
        "refresh without claiming the generation",
        "warehouse/tokens.py",
        "AND (intent_expires_at IS NULL OR intent_expires_at <= clock_timestamp())",
        "",
        "tests/integration/test_grant.py",
    ),
    Sabotage(
        "ignore foreign calls",
        "budget/rules.py",
        "FOREIGN_CAUTION_S: Final = 3_600.0",
        "FOREIGN_CAUTION_S: Final = 0.0",
        "tests/unit/exact/test_budget.py",
    ),
    Sabotage(
        "believe what was sent before a clock was set",
        "budget/rules.py",
        "if was_set and not call.is_current:",
        "if False:",
        "tests/unit/exact/test_budget.py",
    ),
    Sabotage(
        "take an answer of the present for one of the past",
        "warehouse/ledger.py",
        "is_current=ended.minute_number == self.budget.minute.number,",
        "is_current=False,",
        "tests/torture/test_workers.py -k meanwhile",
    ),
    Sabotage(
        "keep what the dead had reserved",
        "budget/rules.py",
        "if minute.used < minute.limit or not in_flight.left_over",
        "if True or not in_flight.left_over",
        "tests/integration/test_ledger.py",
    ),
    Sabotage(
        "follow any next link",
        "exact/client.py",
        "    def _require_own(self, url: str, division: int) -> None:\n",
        "    def _require_own(self, url: str, division: int) -> None:\n        return\n",
        "tests/unit/exact/test_client.py",
    ),
    Sabotage(
        "keep a next link that leads elsewhere",
        "exact/client.py",
        "        if page.next_url is not None:\n            self._require_own",
        "        if False:\n            self._require_own",
        "tests/unit/exact/test_client.py",
    ),
    Sabotage(
        "let a lost database speak for itself",
        "deployment.py",
        "            with clear_outages():\n",
        "            with suppress():\n",
        f"{MATRIX} -k database",
    ),
    Sabotage(
        "let the dead keep their lease",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"]',
        'if not (row["holder"]',
        f"{GUARDS} -k dead",
    ),
    Sabotage(
        "wait for the dead to refresh",
        "credentials.py",
        "self.intent_expires_at is not None and self.intent_expires_at > self.read_at",
        "self.intent_expires_at is not None",
        f"{GUARDS} -k dead",
    ),
    Sabotage("overdraw the day", "budget/rules.py", "if day.used >= day_limit:", "if False:", f"{GUARDS} -k day"),
    Sabotage(
        "read while a full refresh reads",
        "warehouse/leases.py",
        'if not (row["is_expired"] or row["holder"] == holder or _is_dead(row, host)):',
        "if False:",
        f"{GUARDS} -k hourly",
    ),
    Sabotage(
        "begin each day from the start",
        "warehouse/loads.py",
        "return Load(**found) if found else None",
        "return None",
        f"{GUARDS} -k day",
    ),
    Sabotage(
        "turn the skipped hour back",
        "normalise.py",
        'nonexistent="shift_forward"',
        'nonexistent="shift_backward"',
        f"{GUARDS} -k skipped",
    ),
    Sabotage(
        "keep winter time all year",
        "normalise.py",
        '_DUTCH = "Europe/Amsterdam"',
        '_DUTCH = "Etc/GMT-1"',
        f"{GUARDS} -k night",
    ),
    Sabotage(
        "print secrets",
        "exact/redact.py",
        "        if secret in text:",
        "        if False:",
        "tests/unit/exact/test_redact.py",
    ),
)


def main() -> int:
    """Try every breakage; return 1 if one went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the outcome as Markdown")
    options = parser.parse_args()
    outcomes = []
    for number, sabotage in enumerate(SABOTAGES, start=1):
        noticed = _notice(sabotage)
        outcomes.append((sabotage, noticed))
        sys.stdout.write(f"{number:2}/{len(SABOTAGES)} {sabotage.name}: {noticed or 'NOT NOTICED'}\n")
        sys.stdout.flush()
    if options.table:
        options.table.write_text(_markdown(outcomes))
    return 0 if all(noticed for _, noticed in outcomes) else 1


def _notice(sabotage: Sabotage) -> str:
    """Break a copy of the library and return the first test that turns red; empty if none does."""
    with tempfile.TemporaryDirectory(prefix="exactsync-sabotage-") as folder:
        shutil.copytree(ROOT / LIBRARY, Path(folder) / "exactsync", ignore=shutil.ignore_patterns("__pycache__"))
        broken = Path(folder) / "exactsync" / sabotage.file
        source = broken.read_text()
        if source.count(sabotage.line) != 1:
            raise SystemExit(f"{sabotage.name}: the line to break is not (once) in {sabotage.file}")
        broken.write_text(source.replace(sabotage.line, sabotage.broken))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", *sabotage.tests.split()]
        run = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": folder},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0].split("::")[-1].removeprefix("FAILED ") if run.returncode == 1 and failed else ""


def _markdown(outcomes: list[tuple[Sabotage, str]]) -> str:
    rows = [
        f"| {sabotage.name} | `{sabotage.file}` | {f'`{noticed}`' if noticed else '**nothing**'} |"
        for sabotage, noticed in outcomes
    ]
    head = (
        "# What each guard is for\n\nEvery line below was taken out of a copy of the library, and a test turned red. "
        "`make soak` does it again.\n\n| breakage | in | noticed by |\n| --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
