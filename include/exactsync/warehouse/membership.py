"""What belongs to a record of another table, and is stored only while that one lives (bank accounts of suppliers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from exactsync.warehouse import history, schema

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from exactsync.entity import Entity


def lacks_owner(entity: Entity, row: str) -> str:
    """Return the condition that `row` (a table's alias) of this division points to nobody who lives."""
    owners, pointer = _owners(entity)
    return f"""NOT EXISTS (
                SELECT FROM {schema.PUBLISHED}."{owners}" AS owner
                WHERE owner.division = :division AND owner._deleted_at IS NULL AND owner.id = {row}."{pointer}"
            )"""


def owners_came(connection: Connection, entity: Entity, division: int, since: datetime | None) -> bool:
    """Tell whether somebody lives who did not all the time since then: what is theirs was set aside, or deleted."""
    if entity.member_of is None or since is None:
        return False
    owners, _ = _owners(entity)
    ended_since = f"""
        SELECT FROM {history.CLOSED}."{owners}" AS version
        WHERE version.division = owner.division AND version.id = owner.id AND version._valid_to > :since"""
    found = connection.scalar(
        text(f"""
        SELECT EXISTS (
            SELECT FROM {schema.PUBLISHED}."{owners}" AS owner
            WHERE owner.division = :division AND owner._deleted_at IS NULL AND owner._loaded_at > :since
              AND (
                NOT EXISTS ({ended_since} AND version._valid_from <= :since)
                OR EXISTS ({ended_since} AND {history.ENDED_BY_DELETION})
              )
        )"""),
        {"division": division, "since": since},
    )
    return bool(found)


def owner_came(entity: Entity, row: str) -> str:
    """Return the condition that the owner of `row` changed, or came, after the moment `:since`."""
    owners, pointer = _owners(entity)
    return f"""EXISTS (
                SELECT FROM {schema.PUBLISHED}."{owners}" AS owner
                WHERE owner.division = :division AND owner.id = {row}."{pointer}" AND owner._loaded_at > :since
            )"""


def _owners(entity: Entity) -> tuple[str, str]:
    """The table of the owners, and the column that points to them."""
    if entity.member_of is None or entity.member_column is None:
        raise ValueError(f"{entity.name} belongs to nobody")
    return entity.member_of, entity.member_column.name
