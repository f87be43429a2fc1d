"""What happens to the grant behind everybody's back."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg2

if TYPE_CHECKING:
    from exactsync.demo.stack import Stack

AGE = """
    UPDATE exactsync.grants
    SET obtained_at = obtained_at - lifetime, refreshable_at = refreshable_at - lifetime,
        expires_at = expires_at - lifetime
    FROM (SELECT interval '10 minutes' AS lifetime) AS access_token
"""


def revoke_grants(stack: Stack, exact: Any) -> None:
    """End every login at Exact, ten minutes after the last tokens: the next call has to refresh them."""
    exact.change("grants/revoke")
    opened = closing(psycopg2.connect(stack.environment["EXACTSYNC_WAREHOUSE_URL"]))
    with opened as connection, connection, connection.cursor() as cursor:
        cursor.execute(AGE)
