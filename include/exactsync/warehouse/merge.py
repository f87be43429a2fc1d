"""Staged pages → the published table: the statements of one load, each with one purpose.

All run in the transaction of `publish`, with the data set's lease and state row locked, so nothing else changes the
division's rows meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.warehouse import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from exactsync.entity import Entity
    from exactsync.warehouse.loads import Load


class Merge:
    """Merges one complete load; every method returns how many rows it touched."""

    def __init__(self, connection: Connection, entity: Entity, load: Load) -> None:
        self._connection = connection
        self._entity = entity
        self._published = schema.published_table(entity)
        self._staged = schema.staging_table(entity)
        self._values = {
            "load_id": load.load_id,
            "division": load.division,
            "entity": entity.name,
            "deleted_type": entity.deleted_type,
        }

    def _run(self, statement: str) -> int:
        return self._connection.execute(text(statement), self._values).rowcount

    def drop_repeated(self) -> int:
        """Keep the latest version of a record that came on two pages because it changed meanwhile."""
        return self._run(f"""
            DELETE FROM {self._staged} WHERE ctid IN (
                SELECT ctid FROM (
                    SELECT ctid, row_number() OVER (
                        PARTITION BY id ORDER BY _source_timestamp DESC NULLS LAST, _seq DESC
                    ) AS version
                    FROM {self._staged} WHERE _load_id = :load_id
                ) AS versions WHERE version > 1
            )""")

    def drop_deleted(self) -> int:
        """Refuse what Exact has deleted since: rows whose Timestamp is not above their tombstone."""
        return self._run(f"""
            DELETE FROM {self._staged} AS staged USING exactsync.tombstones AS tombstone
            WHERE staged._load_id = :load_id AND tombstone.division = :division
              AND tombstone.entity_type = :deleted_type AND tombstone.key = staged.id
              AND staged._source_timestamp <= tombstone.source_timestamp""")

    def insert_new(self) -> int:
        """Insert the members that the table does not have."""
        columns = ", ".join(f'"{column.name}"' for column in self._entity.columns)
        return self._run(f"""
            INSERT INTO {self._published} (division, {columns}, _source_timestamp, _loaded_at, _load_id)
            SELECT :division, {columns}, _source_timestamp, now(), :load_id
            FROM {self._staged} WHERE _load_id = :load_id AND _kind = 'member'
            ON CONFLICT (division, id) DO NOTHING""")

    def update_changed(self) -> int:
        """Write the members that differ from the published row, or were deleted and are back; no others."""
        names = [f'"{column.name}"' for column in self._entity.columns if column.name != "id"]
        assignments = ", ".join(f"{name} = staged.{name}" for name in names)
        before, after = (", ".join(f"{side}.{name}" for name in names) for side in ("published", "staged"))
        return self._run(f"""
            UPDATE {self._published} AS published
            SET {assignments}, _source_timestamp = staged._source_timestamp, _loaded_at = now(), _load_id = :load_id,
                _deleted_at = NULL
            FROM {self._staged} AS staged
            WHERE {self._same_row()} AND staged._kind = 'member' AND published._load_id <> :load_id
              AND (published._deleted_at IS NOT NULL OR ({before}) IS DISTINCT FROM ({after}))""")

    def note_timestamps(self) -> int:
        """Remember the newer Timestamp of rows whose content, as far as we keep it, is the same."""
        return self._run(f"""
            UPDATE {self._published} AS published SET _source_timestamp = staged._source_timestamp
            FROM {self._staged} AS staged
            WHERE {self._same_row()} AND staged._kind = 'member'
              AND published._source_timestamp IS DISTINCT FROM staged._source_timestamp""")

    def delete_others(self) -> int:
        """Soft-delete what has stopped being a member (a relation that is no supplier any more)."""
        return self._run(f"""
            UPDATE {self._published} AS published
            SET _deleted_at = now(), _loaded_at = now(), _load_id = :load_id,
                _source_timestamp = staged._source_timestamp
            FROM {self._staged} AS staged
            WHERE {self._same_row()} AND staged._kind = 'other' AND published._deleted_at IS NULL""")

    def count_absent(self) -> int:
        """Count the live rows that a full reading did not see."""
        statement = f"SELECT count(*) FROM {self._published} AS published WHERE {self._absent()}"
        return self._connection.scalar(text(statement), self._values) or 0

    def delete_absent(self) -> int:
        """Soft-delete the live rows that a full reading did not see."""
        return self._run(f"""
            UPDATE {self._published} AS published SET _deleted_at = now(), _loaded_at = now(), _load_id = :load_id
            WHERE {self._absent()}""")

    def count_live(self) -> int:
        """Count the rows of the division that are not deleted."""
        statement = f"SELECT count(*) FROM {self._published} WHERE division = :division AND _deleted_at IS NULL"
        return self._connection.scalar(text(statement), self._values) or 0

    def count_members(self) -> int:
        """Count what is left to store."""
        statement = f"SELECT count(*) FROM {self._staged} WHERE _load_id = :load_id AND _kind = 'member'"
        return self._connection.scalar(text(statement), self._values) or 0

    def release_quarantined(self) -> int:
        """Let go what was quarantined by an earlier load and is readable now."""
        return self._run(f"""
            DELETE FROM exactsync.quarantine AS quarantine USING {self._staged} AS staged
            WHERE quarantine.division = :division AND quarantine.entity = :entity
              AND staged._load_id = :load_id AND staged._kind <> 'quarantined'
              AND quarantine.record_key = staged.id::text""")

    def _same_row(self) -> str:
        return "published.division = :division AND staged._load_id = :load_id AND published.id = staged.id"

    def _absent(self) -> str:
        return f"""published.division = :division AND published._deleted_at IS NULL AND NOT EXISTS (
                SELECT FROM {self._staged} AS staged WHERE staged._load_id = :load_id AND staged.id = published.id
            )"""
