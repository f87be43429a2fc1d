"""Setting up where the payables of a source go, and what they are called at Exact: who sets what is kept with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from sqlalchemy import text

from exactsync.errors import ConfigurationError
from exactsync.payables.changes import read_changes
from exactsync.payables.choices import find_choices
from exactsync.payables.mapped import read_mapped
from exactsync.payables.mapping import EntryCurrency, How, MappingKind, wrong_with
from exactsync.payables.sources import SourceInfo, read_sources
from exactsync.warehouse.integrations import read_integrations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from exactsync.payables.changes import Change
    from exactsync.payables.choices import Choice
    from exactsync.payables.mapped import Section
    from exactsync.payables.mapping import Source

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSource:
    """A source of payables, and who set it up last."""

    info: SourceInfo
    created_at: datetime
    actor: str


class SettingUp:
    """What people do to set sources of payables up.

    Args:
        engine: where payables are, and how they are mapped.
        state: where integrations are.
    """

    def __init__(self, engine: Engine, *, state: Engine) -> None:
        self._engine = engine
        self._state = state

    def sources(self) -> list[ConfiguredSource]:
        """Return every source, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(text("SELECT source, created_at, actor FROM exactsync.payable_sources"))
            known = {row.source: row for row in rows}
            return [
                ConfiguredSource(info=info, created_at=known[name].created_at, actor=known[name].actor)
                for name, info in read_sources(connection).items()
                if name in known
            ]

    def mapped(self, source: str, wanted: str = "") -> list[Section]:
        """Return how a source is mapped, see `mapped.read_mapped`; ConfigurationError if there is no such source."""
        with self._engine.connect() as connection:
            return read_mapped(connection, _require_source(connection, source), wanted)

    def changes(self, source: str) -> list[Change]:
        """Return the latest changes of a source's mapping, newest first."""
        with self._engine.connect() as connection:
            return read_changes(connection, source)

    def choices(self, source: str, kind: MappingKind, wanted: str = "") -> list[Choice]:
        """Return what can be mapped to in the source's company, see `choices.find_choices`; nothing without one."""
        with self._engine.connect() as connection:
            division = _require_source(connection, source).division
            return [] if division is None else find_choices(connection, division, kind, wanted)

    def save_source(self, info: SourceInfo, *, actor: str) -> None:
        """Set a source up, or change how it is set up.

        Raises:
            ConfigurationError: its name cannot be used, the company is none that its integration pulls, or payables of
                the source belong to another company already.
        """
        self._check(info)
        source = info.source
        with self._engine.begin() as connection:
            _require_no_other_company(connection, source.name, source.division)
            connection.execute(
                _SAVE,
                {
                    "source": source.name,
                    "kind": info.kind,
                    "integration": info.integration,
                    "division": source.division,
                    "creates_suppliers": source.creates_suppliers,
                    "requires_receipt": source.requires_receipt,
                    "start_date": source.start_date,
                    "entry_currency": source.entry_currency,
                    "actor": actor,
                },
            )

    def set_mapping(self, source: str, kind: str, key: str, target: str, *, actor: str) -> None:
        """Map something that payables of a source name; what it was mapped to before no longer counts.

        Raises:
            ConfigurationError: there is no such source, or `mapping.wrong_with` finds something wrong with it.
        """
        key, target = _cleaned(key), _cleaned(target)
        if message := wrong_with(kind, key, target):
            raise ConfigurationError(message, remedy="Choose something else to map it to.")
        note = How.PERSON if kind == MappingKind.SUPPLIER else None
        with self._engine.begin() as connection:
            _require_source(connection, source)
            connection.execute(
                _MAP, {"source": source, "kind": kind, "key": key, "target": target, "actor": actor, "note": note}
            )

    def unset_mapping(self, source: str, kind: str, key: str, *, actor: str) -> None:
        """Forget what something is mapped to: a supplier is then looked for anew.

        Args:
            source: the source.
            kind: as it stands in the table, even where it is none that can be mapped.
            key: the same, with the blanks around it.
            actor: who does it: known to triggers of the table as the setting `exactsync.actor`.
        """
        with self._engine.begin() as connection:
            _require_source(connection, source)
            connection.execute(text("SELECT set_config('exactsync.actor', :actor, true)"), {"actor": actor})
            connection.execute(
                text("DELETE FROM exactsync.payable_mappings WHERE source = :source AND kind = :kind AND key = :key"),
                {"source": source, "kind": kind, "key": key},
            )

    def _check(self, info: SourceInfo) -> None:
        source = info.source
        if not _NAME.fullmatch(source.name):
            raise ConfigurationError(
                "A source is called what its connection in Airflow is called: letters, digits, dots, dashes, "
                "underscores.",
                remedy="Give the id of the connection, such as spendesk_default.",
            )
        if source.entry_currency not in get_args(EntryCurrency):
            raise ConfigurationError(
                f"'{source.entry_currency}' is not whose currency entries can be made in.",
                remedy=f"Give one of {', '.join(get_args(EntryCurrency))}.",
            )
        if (info.integration is None) != (source.division is None):
            raise ConfigurationError(
                "A company and the connection that pulls it go together.", remedy="Choose both, or neither."
            )
        if info.integration is not None:
            (found,) = read_integrations(self._state, [info.integration])
            if source.division not in {company.division for company in found.companies}:
                raise ConfigurationError(
                    f"{info.integration} does not pull the company {source.division}.",
                    remedy="Choose one of its companies, or have it pull this one first.",
                )


def _require_source(connection: Connection, name: str) -> Source:
    known = read_sources(connection)
    if name not in known:
        raise ConfigurationError(f"Nothing is set up for payables of {name}.", remedy="Set the source up first.")
    return known[name].source


def _require_no_other_company(connection: Connection, source: str, division: int | None) -> None:
    """Raise ConfigurationError if payables of the source belong to another company: they stay with it."""
    if division is None:
        return
    other = connection.scalar(
        text("""
        SELECT division FROM exactsync.payables_outbox WHERE source = :source AND division <> :division LIMIT 1
        """),
        {"source": source, "division": division},
    )
    if other is not None:
        raise ConfigurationError(
            f"There are payables of {source} for the company {other} already.",
            remedy="Keep that company; payables for another one come from a connection of their own.",
        )


def _cleaned(value: str) -> str:
    """Return a text as it is kept."""
    bare = value.strip()
    if "\0" in bare or len(bare) > _LONGEST:
        raise ConfigurationError(
            f"A text of more than {_LONGEST} characters, or with a character that is none, cannot be mapped.",
            remedy="Give it as the source has it.",
        )
    return bare


_SAVE: Final = text("""
INSERT INTO exactsync.payable_sources
    (source, kind, integration, division, creates_suppliers, requires_receipt, start_date, entry_currency, actor)
VALUES (:source, :kind, :integration, :division, :creates_suppliers, :requires_receipt, :start_date, :entry_currency,
        :actor)
ON CONFLICT (source) DO UPDATE SET kind = EXCLUDED.kind, integration = EXCLUDED.integration,
    division = EXCLUDED.division, creates_suppliers = EXCLUDED.creates_suppliers,
    requires_receipt = EXCLUDED.requires_receipt, start_date = EXCLUDED.start_date,
    entry_currency = EXCLUDED.entry_currency, actor = EXCLUDED.actor
""")
_MAP: Final = text("""
INSERT INTO exactsync.payable_mappings (source, kind, key, target, set_by, note)
VALUES (:source, :kind, :key, :target, :actor, :note)
ON CONFLICT (source, kind, key) DO UPDATE
SET target = EXCLUDED.target, set_by = EXCLUDED.set_by, set_at = clock_timestamp(), note = EXCLUDED.note
""")
