"""One-line breakages of what books payables once."""

from __future__ import annotations

from tests.torture.breakage import Breakage

EXPORT = "tests/payables/test_export.py"
RECEIVING = "tests/payables/test_receiving.py"
EXPORTS = (
    Breakage(
        "send without an intent",
        "payables/taking.py",
        "            steps.intend(connection, key, sent, fence=claim.fence, patience=self._patience, seen=seen)\n",
        "            pass\n",
        f"{EXPORT} -k dead_workers_doubt",
    ),
    Breakage(
        "look once before sending again",
        "payables/steps.py",
        "LOOKS: Final = 2",
        "LOOKS: Final = 1",
        f"{EXPORT} -k two_looks",
    ),
    Breakage(
        "count looks before Exact may have committed",
        "payables/steps.py",
        "AND :began >= settles_at",
        "AND CAST(:began AS timestamptz) IS NOT NULL",
        f"{EXPORT} -k two_looks",
    ),
    Breakage(
        "drop the fence of a claim",
        "payables/claims.py",
        "if row.fence != claim.fence or row.state is not State.EXPORTING:",
        "if False:",
        f"{EXPORT} -k taken_over_sends",
    ),
    Breakage(
        "wait for what another export holds",
        "payables/claims.py",
        "LIMIT 1 FOR UPDATE SKIP LOCKED",
        "LIMIT 1 FOR UPDATE NOWAIT",
        f"{EXPORT} -k nor_wait",
    ),
    Breakage(
        "send an edit of what is booked",
        "payables/receiving.py",
        "if row.state.is_final or row.state in _ON_ITS_WAY:",
        "if False:",
        f"{RECEIVING} -k flagged_once",
    ),
    Breakage(
        "send what was refused again without a look",
        "payables/taking.py",
        "if state and state.outcome is not Outcome.ABSENT:",
        "if state and state.outcome.is_doubt:",
        f"{EXPORT} -k looked_for_first",
    ),
)
