"""The page's API: each route names who may use it, asks the library, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from fastapi import APIRouter, Depends, Query

from exactsync.payables.rows import Actor, Key
from exactsync_airflow.accounting_setup import installation
from exactsync_airflow.accounting_setup.links import EXPORT_DAG_ID
from exactsync_airflow.accounting_setup.origin import refuse_foreign_page, require_own_page
from exactsync_airflow.accounting_setup.permissions import EXPORT
from exactsync_airflow.accounting_setup.schedule import read_schedule
from exactsync_airflow.exports import payloads
from exactsync_airflow.exports.describe import describe_exports, describe_history, selection

if TYPE_CHECKING:
    from exactsync.payables.overview import Exports

reading = APIRouter(prefix="/api", dependencies=[Depends(refuse_foreign_page)])
changing = APIRouter(prefix="/api", dependencies=[Depends(require_own_page)])

Looking = Annotated[BaseUser, Depends(EXPORT.look)]
Acting = Annotated[BaseUser, Depends(EXPORT.act)]


def _exports() -> Exports:
    return installation.deployment().exports


@reading.get("/exports")
def read_exports(question: Annotated[payloads.Question, Query()], user: Looking) -> payloads.Exports:
    """Return one page of the payables that were asked for, and what all of them come to."""
    return describe_exports(
        _exports().overview(selection(question), offset=question.offset),
        user=payloads.Person(name=user.get_name(), may_act=EXPORT.may_act(user)),
        schedule=read_schedule(EXPORT_DAG_ID),
        offset=question.offset,
    )


@reading.get("/exports/history")
def read_history(user: Looking, source: str, id: str) -> payloads.History:  # noqa: A002 (its name in the address)
    """Return what has become of a payable."""
    return describe_history(_exports().history(Key(source, id)))


@changing.post("/exports/decisions")
def decide(decision: payloads.Decision, user: Acting) -> payloads.Decided:
    """Do what a person decided about a payable; who, when and why is kept."""
    key = Key(decision.source, decision.id)
    state = _exports().act(key, decision.action, why=decision.why.strip(), actor=Actor(name=user.get_name()))
    return payloads.Decided(state=state)
