"""The database roles: what each who connects may do, and nothing else.

| role | who | may |
| --- | --- | --- |
| the owner | whoever runs `migrate` | everything; nobody else has to |
| `exactsync_worker` | Airflow, the command line | read and write rows; create, change and drop nothing |
| `exactsync_reader` | analysts and their tools | read schema `exact_online` |

People and tools get one by `GRANT exactsync_reader TO somebody`. Roles belong to the whole cluster: databases that
share one share the roles, and each grants them rights of its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.warehouse import history, schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role without a login, and its rights in schemas: on what is there, and on what will be."""

    name: str
    purpose: str
    schemas: tuple[str, ...]
    on_tables: tuple[str, ...]
    """Privileges, as GRANT takes them; views count as tables."""
    on_sequences: tuple[str, ...] = ()


READER: Final = Role(
    name="exactsync_reader",
    purpose=f"May read schema {schema.PUBLISHED} of exactsync, and nothing else.",
    schemas=(schema.PUBLISHED,),
    on_tables=("SELECT",),
)
WORKER: Final = Role(
    name="exactsync_worker",
    purpose="May read and write the rows of exactsync, and change none of its tables.",
    schemas=("exactsync", schema.STAGING, schema.PUBLISHED, history.CLOSED, "spendesk"),
    on_tables=("SELECT", "INSERT", "UPDATE", "DELETE"),
    on_sequences=("USAGE", "SELECT"),
)
ROLES: Final = (READER, WORKER)

_EXISTS = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
_MAY_CREATE = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")

# another database of the cluster may be migrated at the same time: whoever comes second finds the role there
_CREATE = """
DO $$ BEGIN
    CREATE ROLE {name} NOLOGIN;
    COMMENT ON ROLE {name} IS '{purpose}';
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""

_OWN_SCHEMAS = text("""
SELECT nspname FROM pg_namespace WHERE nspname = ANY(:schemas) AND pg_has_role(nspowner, 'USAGE') ORDER BY nspname
""")

_LACKING = text("""
SELECT oid::regclass::text FROM pg_class
WHERE relnamespace = to_regnamespace(:schema) AND pg_has_role(relowner, 'USAGE')
  AND CASE WHEN :what = 'SEQUENCE' THEN relkind = 'S' ELSE relkind IN ('r', 'p', 'v', 'm') END
  AND NOT (SELECT bool_and(CASE WHEN :what = 'SEQUENCE' THEN has_sequence_privilege(:role, oid, privilege)
                                ELSE has_table_privilege(:role, oid, privilege) END)
           FROM unnest(CAST(:privileges AS text[])) AS privilege)
ORDER BY relname
""")

_MAY_CONNECT = text("SELECT has_database_privilege(:role, current_database(), 'CONNECT')")


def admit_all(connection: Connection) -> None:
    """Give every role its rights; see `admit`."""
    for role in ROLES:
        admit(connection, role)


def admit(connection: Connection, role: Role) -> None:
    """Create the role where it is missing, and give it its rights; where we may not, say who can, and how."""
    if not connection.scalar(_EXISTS, {"role": role.name}):
        if not connection.scalar(_MAY_CREATE):
            log.warning(
                "Role %s is missing and this user may not create roles, so nobody can be given it yet. What to do: "
                "have a database administrator run `CREATE ROLE %s NOLOGIN;`, then migrate again.",
                role.name,
                role.name,
            )
            return
        connection.exec_driver_sql(_CREATE.format(name=role.name, purpose=role.purpose))
    for name in connection.scalars(_OWN_SCHEMAS, {"schemas": list(role.schemas)}).all():
        _admit_to(connection, role, name)
    if not connection.scalar(_MAY_CONNECT, {"role": role.name}):
        log.warning(
            "Role %s may not connect to this database. What to do: have its owner run `GRANT CONNECT ON DATABASE … TO "
            "%s;`.",
            role.name,
            role.name,
        )


def _admit_to(connection: Connection, role: Role, name: str) -> None:
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {name} TO {role.name}")
    for what, privileges in (("TABLE", role.on_tables), ("SEQUENCE", role.on_sequences)):
        if not privileges:
            continue
        wanted = {"schema": name, "what": what, "role": role.name, "privileges": list(privileges)}
        granted = ", ".join(privileges)
        for relation in connection.scalars(_LACKING, wanted).all():
            connection.exec_driver_sql(f"GRANT {granted} ON {what} {relation} TO {role.name}")
        connection.exec_driver_sql(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT {granted} ON {what}S TO {role.name}"
        )
