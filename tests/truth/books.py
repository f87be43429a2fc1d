"""An installation and the oracle that judges it."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

from tests.truth.columns import TABLES
from tests.truth.oracle import Cells, Key, Oracle, Verdict

if TYPE_CHECKING:
    from exactsync.simulator import Simulator
    from tests.integration.conftest import Installation


class Books:
    """An installation, the oracle that judges it, and what the rows looked like when they were last judged."""

    def __init__(self, installation: Installation, divisions: list[int]) -> None:
        self.installation = installation
        self.simulator: Simulator = installation.simulator
        self.divisions = divisions
        self.oracle = Oracle(self.simulator, divisions)
        self._contents: dict[tuple[str, Key], Cells] = {}
        self._loads: dict[tuple[str, Key], int] = {}

    def sync(self) -> None:
        """Pull everything, as the first run of a day does."""
        self.installation.let_days_pass()
        for division in self.divisions:
            for table in (table for table in TABLES if table.parent is None):
                self.installation.sync(table.name, division)
            self.installation.apply_deletions(division)
            for follower in (table for table in TABLES if table.parent):
                self.installation.sync(follower.name, division)

    def fill_every_property(self, *, records: int, seed: int = 0) -> None:
        """Give some records of each list edge values in every property, for the simulator leaves some always empty."""
        random = Random(seed)
        for division in self.divisions:
            for table in TABLES:
                truth = self.simulator.truth(division, table.entity_set)
                properties = {source: rule for source, rule in table.columns.values() if source[0] != "@"}
                for kept in (table.key[1], *(table.parent or ())[:1]):
                    del properties[kept]
                share = 0.7 if len(truth) > 1 else 1.0
                for record in random.sample(truth, k=min(records, len(truth))):
                    drawn = {name: rule.draw(random) for name, rule in properties.items() if random.random() < share}
                    self.simulator.update(table.home(division), table.entity_set, record[table.key[1]], drawn)

    def compare(self) -> Verdict:
        """Compare everything and print the figures."""
        with self.installation.engine.connect() as connection:
            verdict = self.oracle.check(connection)
        sys.stdout.write(
            f"{verdict.rows} live and {verdict.deleted} deleted rows, {verdict.cells} cells compared, "
            f"{len(verdict.differences)} differences\n"
        )
        return verdict

    def rewritten_for_nothing(self, verdict: Verdict) -> tuple[list[tuple[str, Key]], int]:
        """Return the rows that were written again though nothing a reader sees has changed, and how many have."""
        contents = {row: cells[:-1] for row, cells in verdict.expected.items()}
        loads = self._read_load_ids()
        lasting = contents.keys() & self._contents.keys()
        changed = {row for row in lasting if contents[row] != self._contents[row]}
        rewritten = {row for row in lasting if loads[row] != self._loads[row]}
        self._contents, self._loads = contents, loads
        assert changed <= rewritten
        return sorted(rewritten - changed), len(changed)

    def _read_load_ids(self) -> dict[tuple[str, Key], int]:
        with self.installation.engine.connect() as connection:
            return {
                (table.name, (division, identifier)): load_id
                for table in TABLES
                for division, identifier, load_id in connection.exec_driver_sql(
                    f"SELECT division, {table.key[0]}::text, _load_id FROM exact_online.{table.name}"
                )
            }
