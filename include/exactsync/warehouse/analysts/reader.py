"""The role `exactsync_reader`: may read schema `exact_online`, what is there and what will be, and nothing else.

People and tools become analysts by `GRANT exactsync_reader TO somebody`. Roles belong to the whole cluster: databases
that share one share the role, and each grants it rights of its own.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.warehouse import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)

ROLE: Final = "exactsync_reader"

_EXISTS = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
_MAY_CREATE = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")

# another database of the cluster may be migrated at the same time: whoever comes second finds the role there
_CREATE = f"""
DO $$ BEGIN
    CREATE ROLE {ROLE} NOLOGIN;
    COMMENT ON ROLE {ROLE} IS 'May read schema {schema.PUBLISHED} of exactsync, and nothing else.';
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

_OWN_RELATIONS = text("""
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r', 'p', 'v', 'm') AND pg_has_role(relowner, 'USAGE')
  AND NOT has_table_privilege(:role, oid, 'SELECT')
ORDER BY relname
""")

_MAY_CONNECT = text("SELECT has_database_privilege(:role, current_database(), 'CONNECT')")


def admit(connection: Connection) -> None:
    """Create the role where it is missing, and let it read; where we may not create it, say who can, and how."""
    role = {"role": ROLE}
    if not connection.scalar(_EXISTS, role):
        if not connection.scalar(_MAY_CREATE):
            log.warning(
                "Role %s is missing and this user may not create roles, so analysts have no access yet. What to do: "
                "have a database administrator run `CREATE ROLE %s NOLOGIN;`, then migrate again.",
                ROLE,
                ROLE,
            )
            return
        connection.exec_driver_sql(_CREATE)
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema.PUBLISHED} TO {ROLE}")
    for relation in connection.scalars(_OWN_RELATIONS, role | {"schema": schema.PUBLISHED}).all():
        connection.exec_driver_sql(f"GRANT SELECT ON {relation} TO {ROLE}")
    connection.exec_driver_sql(
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema.PUBLISHED} GRANT SELECT ON TABLES TO {ROLE}"
    )
    if not connection.scalar(_MAY_CONNECT, role):
        log.warning(
            "Role %s may not connect to this database. What to do: have its owner run `GRANT CONNECT ON DATABASE … TO "
            "%s;`.",
            ROLE,
            ROLE,
        )
