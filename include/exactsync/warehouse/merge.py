"""Staged pages → the published table: the statements of one load, each with one purpose.

All run in the transaction of `publish`, with the data set's lease and state row locked, so nothing else changes the
division's rows meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.warehouse import history, membership, schema

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from exactsync.entity import Entity
    from exactsync.warehouse.loads import Load


class Merge:
    """Merges one complete load; every method returns how many rows it touched.

    Whatever replaces or deletes a live row stores the version that ends, see `history`.

    Args:
        connection: the transaction of `publish`.
        entity: what is loaded.
        load: its staged pages.
        published_at: from when on the new versions are valid, see `state.publish_time`.
    """

    def __init__(self, connection: Connection, entity: Entity, load: Load, published_at: datetime) -> None:
        self._connection = connection
        self._entity = entity
        self._key = entity.key
        self._published = schema.published_table(entity)
        self._staged = schema.staging_table(entity)
        self._values = {
            "load_id": load.load_id,
            "division": load.division,
            "entity": entity.name,
            "deleted_type": entity.deleted_type,
            "published_at": published_at,
        }

    def _run(self, statement: str) -> int:
        return self._connection.execute(text(statement), self._values).rowcount

    def drop_repeated(self) -> int:
        """Keep the latest version of a record that came on two pages because it changed meanwhile."""
        return self._run(f"""
            DELETE FROM {self._staged} WHERE ctid IN (
                SELECT ctid FROM (
                    SELECT ctid, row_number() OVER (
                        PARTITION BY {self._key} ORDER BY _source_timestamp DESC NULLS LAST, _seq DESC
                    ) AS version
                    FROM {self._staged} WHERE _load_id = :load_id
                ) AS versions WHERE version > 1
            )""")

    def drop_deleted(self) -> int:
        """Refuse what Exact has deleted since: rows whose Timestamp is not above their tombstone, or is not known."""
        return self._run(f"""
            DELETE FROM {self._staged} AS staged USING exactsync.tombstones AS tombstone
            WHERE staged._load_id = :load_id AND tombstone.division = :division
              AND tombstone.entity_type = :deleted_type AND tombstone.key = staged.{self._key}
              AND (staged._source_timestamp <= tombstone.source_timestamp) IS NOT FALSE""")

    def set_aside_orphans(self) -> int:
        """Take for others the records whose owner is not stored (the bank account of a customer)."""
        return self._run(f"""
            UPDATE {self._staged} AS staged SET _kind = 'other'
            WHERE staged._load_id = :load_id AND staged._kind = 'member'
              AND {membership.lacks_owner(self._entity, "staged")}""")

    def delete_orphans(self) -> int:
        """Soft-delete the live rows whose owner is not stored any more, whether or not they were read."""
        where = self._orphaned()
        return self._run(f"""
            WITH {history.closing(self._entity, source="", where=where)}
            UPDATE {self._published} AS published
            SET _deleted_at = :published_at, _loaded_at = :published_at, _load_id = :load_id
            WHERE {where}""")

    def insert_new(self) -> int:
        """Insert the members that the table does not have."""
        columns = ", ".join(f'"{name}"' for name in schema.value_columns(self._entity))
        return self._run(f"""
            INSERT INTO {self._published} (division, {columns}, _source_timestamp, _loaded_at, _load_id)
            SELECT :division, {columns}, _source_timestamp, :published_at, :load_id
            FROM {self._staged} WHERE _load_id = :load_id AND _kind = 'member'
            ON CONFLICT ({", ".join(self._entity.primary_key)}) DO NOTHING""")

    def update_changed(self) -> int:
        """Write the members that differ from the published row, or were deleted and are back; no others."""
        names = [f'"{name}"' for name in schema.value_columns(self._entity) if name != self._key]
        assignments = ", ".join(f"{name} = staged.{name}" for name in names)
        before, after = (", ".join(f"{side}.{name}" for name in names) for side in ("published", "staged"))
        where = f"""{self._same_row()} AND staged._kind = 'member' AND published._load_id <> :load_id
              AND (published._deleted_at IS NOT NULL OR ({before}) IS DISTINCT FROM ({after}))"""
        return self._run(f"""
            WITH {self._closing(where, changed=_changed_columns(names))}
            UPDATE {self._published} AS published
            SET {assignments}, _source_timestamp = staged._source_timestamp, _loaded_at = :published_at,
                _load_id = :load_id, _deleted_at = NULL
            FROM {self._staged} AS staged
            WHERE {where}""")

    def note_timestamps(self) -> int:
        """Remember the newer Timestamp of rows whose content, as far as we keep it, is the same."""
        return self._run(f"""
            UPDATE {self._published} AS published SET _source_timestamp = staged._source_timestamp
            FROM {self._staged} AS staged
            WHERE {self._same_row()} AND staged._kind = 'member'
              AND published._source_timestamp IS DISTINCT FROM staged._source_timestamp""")

    def delete_others(self) -> int:
        """Soft-delete what has stopped being a member (a relation that is no supplier any more)."""
        where = self._other()
        return self._run(f"""
            WITH {self._closing(where)}
            UPDATE {self._published} AS published
            SET _deleted_at = :published_at, _loaded_at = :published_at, _load_id = :load_id,
                _source_timestamp = staged._source_timestamp
            FROM {self._staged} AS staged
            WHERE {where}""")

    def count_absent(self) -> int:
        """Count the live rows that a full reading did not see."""
        statement = f"SELECT count(*) FROM {self._published} AS published WHERE {self._absent()}"
        return self._connection.scalar(text(statement), self._values) or 0

    def delete_absent(self) -> int:
        """Soft-delete the live rows that a full reading did not see."""
        closing = history.closing(self._entity, source="", where=self._absent())
        return self._run(f"""
            WITH {closing}
            UPDATE {self._published} AS published
            SET _deleted_at = :published_at, _loaded_at = :published_at, _load_id = :load_id
            WHERE {self._absent()}""")

    def count_doomed(self, *, absent: bool) -> int:
        """Count the live rows that would be deleted: no members any more, of nobody any more, `absent`."""
        published = f"SELECT published.{self._key} FROM {self._published} AS published"
        doomed = []
        if self._entity.member_property:
            doomed.append(f"{published}, {self._staged} AS staged WHERE {self._other()}")
        if self._entity.member_of:
            doomed.append(f"{published} WHERE {self._orphaned()}")
        if absent:
            doomed.append(f"{published} WHERE {self._absent()}")
        if not doomed:
            return 0
        statement = f"SELECT count(*) FROM ({' UNION '.join(doomed)}) AS doomed"
        return self._connection.scalar(text(statement), self._values) or 0

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
              AND quarantine.record_key = staged.{self._key}::text""")

    def _closing(self, where: str, *, changed: str = "NULL::text[]") -> str:
        return history.closing(self._entity, source=f", {self._staged} AS staged", where=where, changed=changed)

    def _same_row(self) -> str:
        same_key = f"published.{self._key} = staged.{self._key}"
        return f"published.division = :division AND staged._load_id = :load_id AND {same_key}"

    def _other(self) -> str:
        return f"{self._same_row()} AND staged._kind = 'other' AND published._deleted_at IS NULL"

    def _orphaned(self) -> str:
        return f"""published.division = :division AND published._deleted_at IS NULL
              AND {membership.lacks_owner(self._entity, "published")}"""

    def _absent(self) -> str:
        return f"""published.division = :division AND published._deleted_at IS NULL AND NOT EXISTS (
                SELECT FROM {self._staged} AS staged
                WHERE staged._load_id = :load_id AND staged.{self._key} = published.{self._key}
            )"""


def _changed_columns(names: list[str]) -> str:
    """Name the columns (quoted, as given) in which the staged row differs from the published one."""
    compared = (
        f"CASE WHEN published.{name} IS DISTINCT FROM staged.{name} THEN {schema.literal(name.strip(chr(34)))} END"
        for name in names
    )
    return f"array_remove(ARRAY[{', '.join(compared)}]::text[], NULL)"
