"""One-line breakages of what books payables once."""

from __future__ import annotations

from tests.torture.breakage import Breakage

EXPORT = "tests/payables/test_export.py"
ONCE = "tests/payables/test_once.py"
LOOKING = "tests/unit/payables/test_looking.py"
RECEIVING = "tests/payables/test_receiving.py"
TWINS = "tests/payables/test_twins.py"
RESTORING = "tests/payables/test_restoring.py"
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
    Breakage(
        "let every worker look when it likes",
        "payables/turns.py",
        "entity=LOOKS,",
        'entity=f"{LOOKS} {self._holder}",',
        f"{ONCE} -k one_worker_looks",
    ),
    Breakage(
        "look beside the call of a dead looker",
        "payables/turns.py",
        "outlives_holder=True,",
        "outlives_holder=False,",
        f"{ONCE} -k dead_looker",
    ),
    Breakage(
        "look an hour less far back",
        "payables/looking.py",
        "_OVERLAP: Final = timedelta(hours=2)",
        "_OVERLAP: Final = timedelta(hours=1)",
        f"{LOOKING} -k clock_is_changed",
    ),
    Breakage(
        "take Exact's clock for UTC",
        "payables/looking.py",
        ".astimezone(_DUTCH)",
        "",
        f"{LOOKING} -k long_before",
    ),
    Breakage(
        "take the first of two entries of one reference",
        "payables/looking.py",
        "    if len(records) > 1:\n",
        "    if False:\n",
        f"{LOOKING} -k two_entries",
    ),
    Breakage(
        "believe in an entry for ever",
        "payables/outbox.py",
        "            steps.reopen(connection, *row.key)\n            _look_now(connection, row)\n",
        "            _look_now(connection, row)\n",
        f"{ONCE} -k deleted_by_a_person",
    ),
    Breakage(
        "send what a person has deleted without a look",
        "payables/steps.py",
        "WHEN 'entry' THEN 'lost'",
        "WHEN 'entry' THEN 'absent'",
        f"{ONCE} -k deletes_at_once",
    ),
    Breakage(
        "believe in a document for ever",
        "payables/steps.py",
        "AND receipt.outcome = 'refused'",
        "AND false",
        f"{ONCE} -k somebody_deleted_is_made",
    ),
    Breakage(
        "book what another payable has become",
        "payables/export.py",
        "if self._claims.blocked_as_twin(claim, supplier):",
        "if False:",
        f"{TWINS} -k delivered_under_two_keys",
    ),
    Breakage(
        "prepare what another payable has become",
        "payables/preparing.py",
        " or twins.check(connection, row, payable, checked.booking)",
        "",
        f"{TWINS} -k not_even_prepared",
    ),
    Breakage(
        "take another spelling for another number",
        "payables/twins.py",
        '"".join(filter(str.isalnum, payable.number or "")).casefold()',
        'payable.number or ""',
        f"{TWINS} -k known_by",
    ),
    Breakage(
        "leave what was in doubt when the backup was made to its doubt",
        "payables/restoring.py",
        "    if row.state.is_final:\n",
        "    if row.state.is_final or row.state is State.IN_DOUBT:\n",
        f"{RESTORING} -k doubt_about_a_document",
    ),
    Breakage(
        "take a payable from under a living worker",
        "payables/restoring.py",
        "row.lease_until > later(connection, 0.0)",
        "False",
        f"{RESTORING} -k lease_has_ended",
    ),
)
