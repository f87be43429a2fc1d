"""Which integrations work with which grant: what becomes of one becomes of all that share it.

The tokens themselves are the business of `warehouse.tokens`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.errors import ConfigurationError, ConsentError
from exactsync.lifecycle import Event, Reason
from exactsync.warehouse.companies import mark_stale
from exactsync.warehouse.journal import LIST_THEM, move

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Engine

UNSTORED_ENDS: Final = {Reason.OTHER_INSTANCE, Reason.WRONG_CLIENT}
"""Ends that are not the grant's own: its row need not show them."""


def bind(
    connection: Connection, name: str, grant_id: int, *, actor: str, loaded: Collection[str], message: str
) -> None:
    """Let an integration work with the grant of a new consent, and revive all that share it.

    Args:
        connection: the transaction.
        name: the integration that the consent was for.
        grant_id: the consent's grant, stored.
        actor: who consented.
        loaded: the integrations of which every chosen data set was published once.
        message: who at Exact gave it.

    Raises:
        ConsentError: the grant is gone again: someone has disconnected what shared it meanwhile.
    """
    mark_stale(connection, name)  # another user may see other companies
    sharing = _lock(connection, "name = :name OR grant_id = :grant_id", name=name, grant_id=grant_id)
    kept = connection.scalar(text("SELECT id FROM exactsync.grants WHERE id = :id FOR KEY SHARE"), {"id": grant_id})
    if kept is None:
        raise ConsentError("The tokens of this consent were destroyed meanwhile.", reason="code_refused")
    former = sharing[name]
    connection.execute(
        text("""
        UPDATE exactsync.integrations SET grant_id = :id, authorised_at = clock_timestamp()
        WHERE name = :name OR grant_id = :id
        """),
        {"id": grant_id, "name": name},
    )
    for each in sharing:
        move(connection, each, Event.AUTHORISED, actor=actor, is_loaded=each in loaded, message=message)
    if former not in (None, grant_id):
        _destroy_unused(connection, former)


def release(connection: Connection, name: str, *, actor: str) -> None:
    """Disconnect an integration; the tokens are destroyed unless another integration works with them."""
    grant_id = _lock(connection, "name = :name", name=name)[name]
    connection.execute(text("SELECT FROM exactsync.grants WHERE id = :id FOR UPDATE"), {"id": grant_id})
    others = connection.scalars(_OTHERS, {"id": grant_id, "name": name}).all()
    told = f"The tokens are kept for {', '.join(others)}." if others else "The tokens are destroyed."
    move(connection, name, Event.DISCONNECTED, actor=actor, message=told if grant_id else None)
    connection.execute(text("UPDATE exactsync.integrations SET grant_id = NULL WHERE name = :name"), {"name": name})
    _destroy_unused(connection, grant_id)


# asked once the grant's row is locked: of those who let go at once, the last one takes the tokens along
_OTHERS = text("SELECT name FROM exactsync.integrations WHERE grant_id = :id AND name <> :name ORDER BY name")


def end(engine: Engine, grant_id: int, reason: Reason, *, actor: str, message: str) -> list[str]:
    """Have every integration that works with a grant need a new consent; return those that did not before.

    Nothing happens if the grant is alive: a newer consent has come before a late worker's bad news.
    """
    with engine.begin() as connection:
        sharing = _lock(connection, "grant_id = :grant_id", grant_id=grant_id)
        status = connection.scalar(text("SELECT status FROM exactsync.grants WHERE id = :id"), {"id": grant_id})
        if status == "active" and reason not in UNSTORED_ENDS:
            return []
        return [each for each in sharing if _ends(connection, each, reason, actor=actor, message=message)]


def _ends(connection: Connection, name: str, reason: Reason, *, actor: str, message: str) -> bool:
    return move(connection, name, Event.GRANT_ENDED, actor=actor, reason=reason, message=message)


def _lock(connection: Connection, where: str, **values: object) -> dict[str, int | None]:
    """Lock integrations until the transaction ends, in one order for everyone; return their grants by name."""
    rows = connection.execute(
        text(f"SELECT name, grant_id FROM exactsync.integrations WHERE {where} ORDER BY name FOR NO KEY UPDATE"), values
    )
    found: dict[str, int | None] = dict(rows.all())
    if "name" in values and values["name"] not in found:
        raise ConfigurationError(f"There is no integration {values['name']}.", remedy=LIST_THEM)
    return found


def _destroy_unused(connection: Connection, grant_id: int | None) -> None:
    """Delete a grant, and with it its tokens, once no integration works with it.

    So are those that a consent left behind which never came to its end.
    """
    connection.execute(text("SELECT FROM exactsync.grants WHERE id = :id FOR UPDATE"), {"id": grant_id})
    connection.execute(
        text("""
        DELETE FROM exactsync.grants
        WHERE (id = :id OR obtained_at < clock_timestamp() - interval '1 hour')
          AND NOT EXISTS (SELECT FROM exactsync.integrations WHERE grant_id = grants.id)
        """),
        {"id": grant_id},
    )
