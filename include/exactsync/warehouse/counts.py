"""How many records Exact counts in a data set, against how many there should be: rows, quarantine, erased persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from exactsync.warehouse import erasure, schema

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from exactsync.entity import Entity


def calls_of_run(connection: Connection, division: int, run_id: str) -> int:
    """Return how many calls the loads of a run have taken in a division."""
    return connection.scalar(_CALLS, {"division": division, "run_id": run_id}) or 0


def due(
    connection: Connection, division: int, run_id: str, entities: Collection[Entity]
) -> list[tuple[Entity, str, str | None]]:
    """Return what this run has read and nobody has counted for a day, the one longest not counted first.

    Each with the endpoint that counts it, and the filter that takes.
    """
    countable = {entity.name: (entity, *entity.counted_at) for entity in entities if entity.counted_at}
    values = {"division": division, "run_id": run_id, "entities": list(countable)}
    return [countable[name] for name in connection.scalars(_DUE, values)]


def keep(connection: Connection, entity: Entity, division: int, at_exact: int | None) -> None:
    """Keep what Exact counted just now, and how far that is from what there should be; None: it did not tell."""
    expected = text(f"""
        WITH live AS (
            SELECT "{entity.key}"::text AS key FROM {schema.published_table(entity)}
            WHERE division = :division AND _deleted_at IS NULL
        ), bounds AS (
            SELECT (SELECT count(*) FROM live) AS least,
                   (SELECT count(*) FROM live)
                   + (SELECT count(*) FROM exactsync.quarantine WHERE division = :division AND entity = :entity
                      AND record_key NOT IN (SELECT key FROM live))
                   + (SELECT count(*) FROM exactsync.tombstones WHERE division = :division
                      AND entity_type = :entity_type AND source_timestamp = {erasure.FOREVER}) AS most
        )
        INSERT INTO exactsync.counts AS known (division, entity, counted_at, at_exact, least, most, difference)
        SELECT :division, :entity, clock_timestamp(), CAST(:at_exact AS bigint), least, most,
               CASE WHEN :at_exact < least THEN :at_exact - least WHEN :at_exact > most THEN :at_exact - most
                    WHEN CAST(:at_exact AS bigint) IS NOT NULL THEN 0 END
        FROM bounds
        ON CONFLICT (division, entity) DO UPDATE
        SET counted_at = EXCLUDED.counted_at, at_exact = EXCLUDED.at_exact, least = EXCLUDED.least,
            most = EXCLUDED.most, difference = EXCLUDED.difference, difference_before = known.difference
        """)
    values = {
        "division": division,
        "entity": entity.name,
        "entity_type": entity.deleted_type,
        "at_exact": at_exact,
    }
    connection.execute(expected, values)


_CALLS: Final = text(
    "SELECT sum(calls)::bigint FROM exactsync.load_log WHERE division = :division AND run_id = :run_id"
)
_DUE: Final = text("""
SELECT log.entity FROM (
    SELECT DISTINCT entity FROM exactsync.load_log WHERE division = :division AND run_id = :run_id
    AND entity = ANY(CAST(:entities AS text[]))) AS log
LEFT JOIN exactsync.counts ON (counts.division, counts.entity) = (:division, log.entity)
WHERE counts.counted_at IS NULL OR counts.counted_at < clock_timestamp() - interval '23 hours'
ORDER BY counts.counted_at NULLS FIRST, log.entity
""")
