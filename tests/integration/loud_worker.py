"""A worker process that logs everything there is to log: does what it is told, line by line, and tells how it ended."""

from __future__ import annotations

import json
import logging
import os
import sys
import time

from exactsync.environment import read_deployment
from exactsync.errors import ExactSyncError
from exactsync.exact.oauth import code_of
from exactsync.exact.redact import install_redaction
from exactsync.load import DivisionRef, Run

LOUD = ("httpx", "httpcore", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "exactsync")
INTEGRATION = "exact_online_default"


class LoudWorker:
    """Carries out one order after the other; whatever fails is logged with its traceback."""

    def __init__(self) -> None:
        self.deployment = read_deployment(os.environ)

    def authorise(self, redirected: str) -> None:
        self.deployment.authorise(INTEGRATION, code=code_of(redirected))
        self.deployment.choose(INTEGRATION, None)

    def sync(self, entity: str) -> None:
        for ref in self._divisions():
            self.deployment.sync(ref, entity, mode="incremental", run=Run(run_id="loud", holder=f"loud {entity}"))

    def deletions(self) -> None:
        for ref in self._divisions():
            self.deployment.apply_deletions(ref, run=Run(run_id="loud", holder="loud"))

    def _divisions(self) -> list[DivisionRef]:
        connected = self.deployment.connect()
        for problem in connected.problems:
            raise problem
        return connected.divisions

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def log(self, text: str) -> None:
        """Log a text in every way there is, as careless code would."""
        log = logging.getLogger("careless")
        log.debug("The token is %s", text)
        log.warning(f"Authorization: Bearer {text}")  # noqa: G004 - careless
        log.error("%r", {"access_token": text, "nested": [text, {"code": text}]})
        log.info("With the stack", stack_info=True, extra={"token": text})

    def fail(self, text: str) -> None:
        """Raise what nobody has thought of, with something in the message that should not be there."""
        raise RuntimeError(f"The call with {text} went wrong")


def main() -> None:
    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    install_redaction()
    log = logging.getLogger("worker")
    worker = LoudWorker()
    for line in sys.stdin:
        order, arguments = json.loads(line)
        if order == "crash":
            worker.fail(*arguments)  # for nobody to catch
        try:
            getattr(worker, order)(*arguments)
            ended = "done"
        except ExactSyncError as error:
            log.exception("%s failed", order)
            ended = f"{type(error).__name__}: {error}"
        except Exception:
            log.exception("%s failed, and nobody knows why", order)
            ended = "failed"
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()


main()
