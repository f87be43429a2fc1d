"""What a DAG file is written with: one function per kind of task, so that it reads like a table of contents."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, TriggerRule

from exactsync.entities import entities
from exactsync.entity import Feed
from exactsync_airflow.assets import entity_asset
from exactsync_airflow.operators.connect import ExactOnlineConnectOperator
from exactsync_airflow.operators.deletions import ExactOnlineDeletionsOperator
from exactsync_airflow.operators.keepalive import (
    ExactOnlineGrantsOperator,
    ExactOnlineKeepAliveOperator,
    ExactOnlineLapseOperator,
)
from exactsync_airflow.operators.publish import ExactOnlinePublishOperator
from exactsync_airflow.operators.sync import ExactOnlineSyncOperator

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.definitions.mappedoperator import MappedOperator

    from exactsync.entity import Entity

TAGS = ("accounting", "exact-online", "exactsync")

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "finance-data",
    "retries": 3,
    "retry_delay": timedelta(minutes=1),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=15),
    "execution_timeout": timedelta(minutes=30),
}

PATIENCE = timedelta(hours=6)
"""How long a full refresh waits for who reads a data set, from its start on."""

_LABEL = "{{ task.label }}"


def only(kind: str, description: str) -> Param:
    """Create a parameter that narrows a run down to some of something; emptied in the form, it is null: all."""
    return Param([], type=["array", "null"], items={"type": kind}, description=description)


def sync_params() -> dict[str, Param]:
    """Build the form that a person meets on *Trigger*; left alone, it means everything, incrementally."""
    names = list(entities())
    return {
        "integrations": only("string", "Only these integrations, by name. Empty: all."),
        "divisions": only("integer", "Only these division codes. Empty: all chosen."),
        "entities": Param(
            [],
            type=["array", "null"],
            items={"type": "string", "enum": names},
            examples=names,
            description="Only these entities. Empty: all.",
        ),
        "mode": Param(
            "incremental",
            type="string",
            enum=["incremental", "full"],
            description="What changed since the last load, or everything, compared.",
        ),
        "confirm_deletions": Param(
            False,
            type="boolean",
            description="Let a load pass that would delete an implausible share of a table, as a guard has told you.",
        ),
    }


def refresh_params() -> dict[str, Param]:
    """Build the form of a full refresh: that of a sync, but for the mode, which is no choice."""
    mode = Param("full", type="string", const="full", description="Everything, compared.")
    return sync_params() | {"mode": mode}


def connect() -> ExactOnlineConnectOperator:
    """Create the task that checks what is reachable and returns batches of divisions."""
    return ExactOnlineConnectOperator(
        task_id="connect",
        **chosen("integrations", "divisions"),
        doc_md=_CONNECT_DOC,
    )


def sync_each_entity(
    connected: ExactOnlineConnectOperator, *, patience: timedelta = timedelta(0)
) -> list[MappedOperator]:
    """Create one task per entity that stands on its own, mapped over the batches."""
    alone = [entity for entity in entities().values() if entity.member_of is None]
    return [_sync(entity, connected, TriggerRule.ALL_SUCCESS, patience) for entity in alone]


def sync_what_belongs(
    connected: ExactOnlineConnectOperator, *, patience: timedelta = timedelta(0)
) -> list[MappedOperator]:
    """Create one task per entity whose records belong to others, for when it is known which of those there are."""
    belonging = [entity for entity in entities().values() if entity.member_of]
    return [_sync(entity, connected, TriggerRule.ALL_DONE, patience) for entity in belonging]


def _sync(
    entity: Entity, connected: ExactOnlineConnectOperator, trigger_rule: TriggerRule, patience: timedelta
) -> MappedOperator:
    return ExactOnlineSyncOperator.partial(
        task_id=entity.name,
        entity=entity.name,
        **chosen("entities", "mode", "confirm_deletions"),
        patience=patience,
        outlets=[entity_asset(entity.name)],
        trigger_rule=trigger_rule,
        map_index_template=_LABEL,
        doc_md=_entity_doc(entity),
    ).expand(batch=connected.output)


def apply_deletions(connected: ExactOnlineConnectOperator, *, patience: timedelta = timedelta(0)) -> MappedOperator:
    """Create the task that applies Exact's log of deletions, whatever became of the entities."""
    logged = [entity.name for entity in entities().values() if entity.feed is Feed.SYNC]
    return ExactOnlineDeletionsOperator.partial(
        task_id="deletions",
        patience=patience,
        outlets=[entity_asset(name) for name in logged],
        trigger_rule=TriggerRule.ALL_DONE,
        map_index_template=_LABEL,
        doc_md=_DELETIONS_DOC,
    ).expand(batch=connected.output)


def publish() -> BaseOperator:
    """Create the task that reports on the run and decides its state."""
    return ExactOnlinePublishOperator(task_id="publish", trigger_rule=TriggerRule.ALL_DONE, doc_md=_PUBLISH_DOC)


def list_grants() -> ExactOnlineGrantsOperator:
    """Create the task that returns the grants in use."""
    return ExactOnlineGrantsOperator(task_id="grants", doc_md=_GRANTS_DOC)


def keep_each_grant_alive(grants: ExactOnlineGrantsOperator) -> MappedOperator:
    """Create the task that refreshes one grant, mapped over all."""
    return ExactOnlineKeepAliveOperator.partial(
        task_id="keep_alive", map_index_template=_LABEL, doc_md=_KEEP_ALIVE_DOC
    ).expand(grant=grants.output)


def warn_of_lapses() -> BaseOperator:
    """Create the task that warns of grants that lapse soon, whatever became of the refreshes."""
    return ExactOnlineLapseOperator(task_id="warn", trigger_rule=TriggerRule.ALL_DONE, doc_md=_WARN_DOC)


def chosen(*names: str) -> dict[str, Any]:
    """Refer to parameters of the run; a DAG that renders native objects hands lists and flags on as such.

    A list that was emptied in the form is null.
    """
    return {name: f"{{{{ [] if params.{name} is none else params.{name} }}}}" for name in names}


def _entity_doc(entity: Entity) -> str:
    return f"""\
### {entity.label}
`{entity.endpoint}` → `exact_online.{entity.name}`. {entity.description}

Pages are staged as they come, and the load is published in one transaction: readers never see a half-loaded table.
{_HOW_READ[entity.feed]}

**If it fails**, the last lines of its log say what to do. Clearing it is always safe: what is staged or published
already is neither asked for nor written again. **Up for reschedule** means that the minute's calls are used up; it
goes on by itself. **Skipped** means not chosen, a day's calls used up, or another reader at work: the log says which.
"""


_HOW_READ = {
    Feed.SYNC: "Reads what changed since the watermark; deletions are applied by the task `deletions`.",
    Feed.MODIFIED: "Reads what was modified since the last time, and once a day all of it, which is compared: rows "
    "that are gone are soft-deleted.",
    Feed.LIST: "Exact has no change feed for it: it is read in full and compared, rows that are gone are soft-deleted.",
}

_CONNECT_DOC = """\
### Connect
Checks the databases, each integration's grant and the divisions it can reach, and hands the divisions on.

**If it fails**, nothing was reachable: its log names each integration and the way out (authorise again, ask for a
right, correct the connection). An integration that is left out while others go on makes `publish` fail, so that it
is seen; after mending it, clear this task.
"""

_DELETIONS_DOC = """\
### Deletions
Reads `sync/Deleted` once per division for all entities and soft-deletes what it names; tombstones keep late loads
from raising it again. Runs whatever became of the entities. Clearing it is always safe.
"""

_PUBLISH_DOC = """\
### Publish
Logs one table of all that this run loaded and gathers what was not done. Fails, and with it the run, if any part
failed: what succeeded is in the warehouse all the same. Mend what it names and clear the failed tasks with their
downstream tasks.
"""

_GRANTS_DOC = """\
### Grants
Lists the authorisations at Exact that integrations work with, those of paused ones too. Asks Exact nothing.
"""

_KEEP_ALIVE_DOC = """\
### Keep alive
Refreshes one authorisation, unless that was done within the last day: Exact ends what is not used for 30 days.

**If it fails**, its log says whether a person must reconnect, and why (docs/grants.md explains each reason), or what is
wrong with the app's connection. While Exact is away it is retried, and again tomorrow. Clearing it is always safe.
"""

_WARN_DOC = """\
### Warn
Warns of each living authorisation with less than 10 days left: in its log, in the state of its integrations, and by the
notifier of `[exactsync] notifier`. That happens only after 20 days in which nothing could refresh it: the logs of
`keep_alive` say why.
"""
