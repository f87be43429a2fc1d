"""The command line: everything that needs no browser, and the way to work without Airflow.

Exit codes: 0 done, 1 failed, 2 wrong use, 75 try again later (a quota is used up, Exact or a
database is down).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from exactsync.commands import connections, exporting, grants, housekeeping, pulling, setting_up, standing_in
from exactsync.entities import entities
from exactsync.errors import ExactSyncError, RetryLaterError
from exactsync.exact.redact import install_redaction
from exactsync.warehouse.engine import clear_outages
from exactsync.warehouse.integrations import known_axes

DONE, FAILED, WRONG_USE, TRY_AGAIN_LATER = 0, 1, 2, 75

Command = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error is one clear message on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if getattr(options, "create", None) and not options.connection:
        parser.error("--create needs --connection ID")
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
        stream=sys.stderr,
    )
    for talkative in ("httpx", "alembic"):
        logging.getLogger(talkative).setLevel(logging.DEBUG if options.verbose else logging.WARNING)
    install_redaction()
    command: Command = options.command
    try:
        with clear_outages():
            command(options)
    except RetryLaterError as error:
        return _report(error, TRY_AGAIN_LATER)
    except ExactSyncError as error:
        return _report(error, FAILED)
    except KeyboardInterrupt:
        return FAILED
    return DONE


def _report(error: ExactSyncError, code: int) -> int:
    sys.stderr.write(f"exactsync: {error}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exactsync", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--verbose", action="store_true", help="log every call")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, description: str) -> argparse.ArgumentParser:
        added = subparsers.add_parser(name, help=description, description=description)
        added.set_defaults(command=command)
        return added

    add("migrate", setting_up.migrate, "bring the databases to the current schema")
    base = add("base", connections.base, "show where accounting goes, or switch it")
    base.add_argument("base", nargs="?", choices=["files", "exact_online"], help="where it goes from now on")
    _add_connections(add("connections", connections.connections, "list the integrations, or look after one"))
    _add_authorise(add("authorise", setting_up.authorise, "authorise the app at Exact Online"))
    _add_divisions(add("divisions", setting_up.divisions, "list the companies, or choose which to pull"))
    _add_sync(add("sync", pulling.sync, "pull master data into the warehouse"))
    exporting.add_arguments(add("export", exporting.export, "book payables at Exact, or look after them"))
    status = add("status", pulling.status, "show how every data set stands")
    status.add_argument("--json", action="store_true", help="for machines")
    add("keep-alive", grants.keep_alive, "refresh the grants that rest, before they lapse")
    add("rotate-keys", grants.rotate_keys, "encrypt every token with the first key")
    add("adopt", grants.adopt, "make this installation the one that refreshes the grants")
    maintain = add("maintain", housekeeping.maintain, "delete what the logs have kept long enough")
    maintain.add_argument(
        "--keep", nargs="+", default=[], metavar="TABLE=DAYS", help="keep a log for another time than by default"
    )
    _add_erase(add("erase", housekeeping.erase, "erase everything stored about one person"))
    simulate = add("simulate", standing_in.simulate, "run a strict stand-in for Exact Online, or for Spendesk")
    simulate.add_argument("--spendesk", action="store_true", help="for Spendesk")
    simulate.add_argument(
        "--snapshot-s", type=float, default=90.0, metavar="S", help="how long Spendesk makes a snapshot (90 s)"
    )
    simulate.add_argument(
        "--payables",
        type=int,
        default=standing_in.PAYABLES,
        metavar="N",
        help="how many payables Spendesk has (%(default)s); nine of them, each in its way, cannot be booked",
    )
    simulate.add_argument("--port", type=int, required=True, metavar="N")
    simulate.add_argument("--host", default="127.0.0.1", help="where to listen; anybody who gets there is let in")
    simulate.add_argument(
        "--redirect-uri", nargs="+", default=[], metavar="URI", help="where consents to its app may lead"
    )
    simulate.add_argument(
        "--companies", type=int, metavar="N", help="so many small companies instead of the usual ones"
    )
    return parser


def _add_connections(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--create", metavar="NAME", help="set one up; then authorise it")
    what.add_argument("--pause", metavar="NAME", help="let it rest; its grant is kept alive")
    what.add_argument("--resume", metavar="NAME", help="let it go on where it stopped")
    what.add_argument("--disconnect", metavar="NAME", help="destroy its tokens; data and settings are kept")
    what.add_argument("--remove", metavar="NAME", help="take one that is not connected off the list; data is kept")
    what.add_argument("--axes", nargs="+", metavar=("NAME", "AXIS"), help="load exactly these analytical axes")
    what.add_argument("--history", metavar="NAME", help="show what has happened to it")
    what.add_argument("--progress", metavar="NAME", help="show how far its data sets are")
    parser.add_argument("--connection", metavar="ID", help="with --create: the app, AIRFLOW_CONN_<ID>")
    parser.add_argument(
        "--axis", nargs="+", metavar="AXIS", choices=known_axes(), help="with --create: the axes to load, all if none"
    )
    parser.add_argument("--json", action="store_true", help="for machines")


def _add_authorise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--connection", required=True, metavar="ID", help="the app: AIRFLOW_CONN_<ID>")
    parser.add_argument("--integration", metavar="NAME", help="named after the connection unless given")
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--redirected", metavar="URL", help="where Exact sent the browser after the consent")
    answer.add_argument("--code", metavar="CODE", help="the code in that URL, as it stands there")


def _add_divisions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--integration", metavar="NAME", help="needed where there are several")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--choose", type=int, nargs="+", metavar="CODE")
    choice.add_argument("--choose-all", action="store_true")


def _add_sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--integration", metavar="NAME", help="all unless given")
    parser.add_argument("--division", type=int, nargs="+", default=[], metavar="CODE", help="all chosen unless given")
    parser.add_argument(
        "--entity", nargs="+", default=[], metavar="NAME", choices=list(entities()), help="all unless given"
    )
    parser.add_argument("--mode", choices=["incremental", "full"], default="incremental")
    parser.add_argument(
        "--confirm-deletions", action="store_true", help="let a full reading delete an implausible share"
    )


def _add_erase(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--supplier", metavar="CODE", help="its code, or Exact's key of it; needs --division")
    who.add_argument("--counterparty", metavar="KEY", help="of payables: the source's key of it; needs --source")
    parser.add_argument("--division", type=int, metavar="CODE", help="the company whose supplier it is")
    parser.add_argument("--source", metavar="ID", help="where its payables come from: a connection id")
    parser.add_argument("--kind", choices=["supplier", "employee"], help="where both have the same key")
    parser.add_argument(
        "--reason", default="by command line", help="kept with the record of it; must say nothing of the person"
    )
    sure = parser.add_mutually_exclusive_group()
    sure.add_argument("--yes", action="store_true", help="do not ask")
    sure.add_argument("--readmit", action="store_true", help="let one that was erased come back")


if __name__ == "__main__":
    sys.exit(main())
