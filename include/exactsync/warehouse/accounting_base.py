"""Where the installation's accounting goes: files, or Exact Online. The history of that choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

Base = Literal["files", "exact_online"]

_LATEST = text("SELECT base, at, actor FROM exactsync.accounting_bases ORDER BY id DESC LIMIT 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseChoice:
    """One choice of the accounting base: which, when, by whom."""

    base: Base
    at: datetime
    actor: str

    @property
    def label(self) -> str:
        """What a person calls it."""
        return "Files" if self.base == "files" else "Exact Online"


def read_bases(engine: Engine) -> list[BaseChoice]:
    """Return every choice, newest first; the first one counts, none: never chosen."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT base, at, actor FROM exactsync.accounting_bases ORDER BY id DESC"))
        return [BaseChoice(**row) for row in rows.mappings()]


def read_base(engine: Engine) -> BaseChoice | None:
    """Return the choice that counts."""
    with engine.connect() as connection:
        found = connection.execute(_LATEST).mappings().one_or_none()
    return BaseChoice(**found) if found else None


def switch_base(engine: Engine, base: Base, *, actor: str) -> BaseChoice:
    """Choose a base and return the choice that counts; choosing the present one again changes nothing."""
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE exactsync.accounting_bases IN SHARE ROW EXCLUSIVE MODE"))
        connection.execute(
            text("""
            INSERT INTO exactsync.accounting_bases (base, actor)
            SELECT :base, :actor WHERE :base IS DISTINCT FROM (
                SELECT base FROM exactsync.accounting_bases ORDER BY id DESC LIMIT 1)
            """),
            {"base": base, "actor": actor},
        )
        return BaseChoice(**connection.execute(_LATEST).mappings().one())
