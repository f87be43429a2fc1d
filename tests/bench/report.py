"""The report of `make bench`: what was measured, against whom, on what machine, and whether promises are kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg2

from tests.bench.chart import Bar, Panel, draw
from tests.bench.machine import describe_machine, versions
from tests.bench.promises import Promise, promises_table
from tests.bench.results import PHASES, Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.results import Results

HERE: Final = Path(__file__).parent
LABELS: Final = {
    "ours": "exactsync",
    "floor": "the floor",
    "pandas_copy": "pandas to_sql, COPY",
    "dlt": "dlt",
    "dlt_tuned": "dlt, tuned",
}
MOST_MB: Final = 350
WORTH_TELLING_S: Final = 0.01

Profiles = dict[str, list[dict[str, Any]]]
"""By phase, the steps of `contestants.profiled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One size of load, and who is measured with it."""

    rows: int
    contestants: tuple[str, ...]
    latency_s: float = 0.0


def write_report(
    place: Path, results: Results, profiles: Profiles, stages: Sequence[Stage], *, runs: int, postgres_url: str
) -> None:
    """Write README.md and chart.svg into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "chart.svg").write_text(draw(list(_panels(results, stages)), about="Loading suppliers, medians"))
    sections = [
        _introduction(runs),
        "![Rows a second, and seconds for a feed of changes](chart.svg)",
        "## Promises\n\n" + promises_table(_promises(results, stages)),
        *(_stage_table(results, stage) for stage in stages),
        _profiles(profiles, stages[0]),
        "## Machine\n\n" + "\n".join(f"- {line}" for line in _machine(postgres_url)),
        _contestants(),
    ]
    (place / "README.md").write_text("\n\n".join(sections) + "\n")


def _introduction(runs: int) -> str:
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}; `make bench QUICK=1` tries it with few rows.
Measured elsewhere: [many companies](divisions.md), and [what the project costs Airflow](overhead.md).

Each contestant is one process, measured from its start until it has ended, with imports and commit. All read
the same finished pages (1,000 suppliers each, 30 columns, Exact's envelope) from one local server and write into a
fresh database of one PostgreSQL. The same process then runs again for a feed of 1 % changed rows, and again when
nothing has changed. Medians of {runs} interleaved runs, with quartiles. CPU is user and system time of the process and
its children; memory is the most that one of these held at once.

What only exactsync does is in its figures: pages are committed one by one, so that a killed load goes on where it
stopped; every value is checked and typed; changes are detected, history kept, deletions guarded; the budget of calls is
shared with all workers. [Where it falls short, and why](../design.md#speed)."""


def _stage_table(results: Results, stage: Stage) -> str:
    latency = f", {stage.latency_s * 1000:.0f} ms latency a page" if stage.latency_s else ""
    lines = [
        f"## {stage.rows:,} suppliers{latency}",
        "",
        "| load | contestant | wall, s | rows/s | CPU, s | PostgreSQL's CPU, s | peak, MB | calls |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for phase, told in PHASES.items():
        for contestant in stage.contestants:
            case = Case(contestant, stage.rows, phase, stage.latency_s)
            wall = results.spread(case, lambda cost: cost.wall_s)
            rate = f"{case.loaded / wall.median:,.0f}" if case.loaded else ""
            lines.append(
                f"| {told} | {LABELS[contestant]} | {wall.median:.2f} ({wall.low:.2f} … {wall.high:.2f}) | {rate} "
                f"| {results.median(case, 'cpu_s'):.2f} | {results.median(case, 'postgres_s'):.2f} "
                f"| {results.median(case, 'peak_mb'):.0f} | {results.median(case, 'calls'):.0f} |"
            )
    return "\n".join(lines)


def _profiles(profiles: Profiles, stage: Stage) -> str:
    told = [
        "## Where exactsync's seconds go\n\n"
        f"One more run of {stage.rows:,} suppliers, with a clock at the door of each step: its own time, without that "
        "of the steps within it. Steps of several threads go on side by side, so wall times add up to more than the "
        "load took."
    ]
    for phase, steps in profiles.items():
        total_s = sum(step["cpu_s"] for step in steps)
        lines = [
            f"{PHASES[phase].capitalize()}:\n",
            "| step | times | wall, s | CPU, s | of all CPU |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        lines += [
            f"| {step['name']} | {step['times']} | {step['wall_s']:.2f} | {step['cpu_s']:.2f} "
            f"| {step['cpu_s'] / total_s:.0%} |"
            for step in sorted(steps, key=lambda step: -step["wall_s"])
            if step["wall_s"] >= WORTH_TELLING_S
        ]
        told.append("\n".join(lines))
    return "\n\n".join(told)


def _promises(results: Results, stages: Sequence[Stage]) -> Iterator[Promise]:
    all_four, large, slow = stages

    def case(contestant: str, stage: Stage, phase: str = "first") -> Case:
        return Case(contestant, stage.rows, phase, stage.latency_s)

    def ratio(what: str, phase: str, peer: str, wanted: float, stage: Stage = all_four) -> Promise:
        found = results.ratio(case("ours", stage, phase), case(peer, stage, phase))
        told = f"rows a second by those of {LABELS[peer]}, {what}"
        return Promise(told, f"≥ {wanted:g}", f"{found:.2f}", found >= wanted)

    fastest = {
        phase: min(("dlt", "dlt_tuned"), key=lambda peer: results.median(case(peer, all_four, phase)))
        for phase in ("first", "changed")
    }
    yield ratio("first load", "first", fastest["first"], 6)
    yield ratio("1 % changed", "changed", fastest["changed"], 10)
    for stage in (all_four, large):
        yield ratio(f"first load of {stage.rows:,}", "first", "floor", 0.75, stage)
    small_mb, large_mb = (results.median(case("ours", stage), "peak_mb") for stage in (all_four, large))
    growth = large_mb / small_mb
    yield Promise("peak memory, the larger load by the smaller", "≤ 1.15", f"{growth:.2f}", growth <= 1.15)
    yield Promise(
        f"peak memory, {large.rows:,}",
        f"< {MOST_MB} MB",
        f"{large_mb:.0f} MB",
        results.median(case("ours", large), "peak_mb") < MOST_MB,
    )
    calls, wall_s = (results.median(case("ours", slow), name) for name in ("calls", "wall_s"))
    most_s = 1.1 * calls * slow.latency_s + 2
    yield Promise(
        f"{calls:.0f} calls of {slow.latency_s * 1000:.0f} ms", f"≤ {most_s:.1f} s", f"{wall_s:.1f} s", wall_s <= most_s
    )
    idle = results.median(case("ours", all_four, "nothing"), "calls")
    yield Promise("calls when nothing changed", "≤ 1", f"{idle:.0f}", idle <= 1)


def _panels(results: Results, stages: Sequence[Stage]) -> Iterator[Panel]:
    for stage in stages[:2]:
        for phase, unit in (("first", "rows a second: more is better"), ("changed", "seconds: less is better")):
            bars = []
            for contestant in stage.contestants:
                case = Case(contestant, stage.rows, phase)
                is_rate = phase == "first"
                found = results.spread(case, lambda cost: case.loaded / cost.wall_s if is_rate else cost.wall_s)  # noqa: B023
                told = f"{found.median:,.0f}" if is_rate else f"{found.median:.2f} s"
                bars.append(
                    Bar(
                        label=LABELS[contestant],
                        low=found.low,
                        median=found.median,
                        high=found.high,
                        told=told,
                        is_ours=contestant == "ours",
                    )
                )
            yield Panel(title=f"{stage.rows:,} suppliers, {PHASES[phase]} — {unit}", bars=bars)


def _machine(postgres_url: str) -> Iterator[str]:
    yield from describe_machine()
    with closing(psycopg2.connect(postgres_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        yield f"PostgreSQL {cursor.fetchone()[0]} with its default settings, fsync on"
    yield f"exactsync and the floor: {versions('pandas', 'numpy', 'orjson', 'sqlalchemy', 'psycopg2-binary')}"
    pinned = (HERE / "requirements.txt").read_text().splitlines()
    yield f"peers: {', '.join(line.replace('==', ' ') for line in pinned if not line.startswith('#'))}"


def _contestants() -> str:
    told = [
        "## Contestants",
        "- **exactsync** runs what the operator's task runs, `Deployment.sync`, without Airflow; its declaration of "
        "suppliers is cut down to the 30 columns.\n"
        "- **dlt** reads by its `rest_api` source and merges by `upsert`, as installed; *tuned*, as its manual advises "
        "for speed: files of CSV that are COPYed, larger buffers, a normaliser for each core.\n"
        "- **pandas** is written as an engineer would in an afternoon: frames, `to_sql` with the COPY method of the "
        "manual of pandas, `INSERT … ON CONFLICT`.\n"
        "- **the floor** does the least that ends with the same rows; this is all of it:",
    ]
    code = (HERE / "contestants" / "floor.py").read_text()
    return "\n\n".join(told) + f"\n\n```python\n{code}```"
