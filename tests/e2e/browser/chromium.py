"""A Chromium for the browser tests: an installed one, or else Debian's package where it may be installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

GIVEN = "EXACTSYNC_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = (
    ("apt-get", "update"),
    ("apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "chromium"),
)
INSTALL_TIMEOUT_S = 600.0
FLAGS = (
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WAY_OUT = f"Install Chromium (Debian: `apt-get install chromium`) or name one by {GIVEN}."


class NoChromiumError(RuntimeError):
    """There is no Chromium, and none can be installed here."""


def bring_chromium(playwright: Playwright) -> Path:
    """Return the executable of a Chromium; several processes may ask at once, and one of them installs it.

    Raises:
        NoChromiumError: there is none, with what to do about it.
    """
    if chromium := _find(playwright):
        return chromium
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with _alone():
            if not (chromium := _find(playwright)):
                _install()
                chromium = _find(playwright)
    if not chromium:
        raise NoChromiumError(f"There is no Chromium for the browser tests. {WAY_OUT}")
    return chromium


@contextmanager
def launch_chromium(*, trusting: str | None = None) -> Iterator[Browser]:
    """Yield a running Chromium without a window.

    Args:
        trusting: the fingerprint of a certificate that it takes for a good one: it caches nothing of sites whose
            certificate it merely puts up with.
    """
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # its sandbox refuses root
    with sync_playwright() as playwright:
        executable = bring_chromium(playwright)
        trust = (f"--ignore-certificate-errors-spki-list={trusting}",) if trusting else ()
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *as_root, *trust])
        try:
            yield browser
        finally:
            with suppress(Error):  # it may have died by itself
                browser.close()


def _find(playwright: Playwright) -> Path | None:
    if given := os.environ.get(GIVEN):
        if not (found := shutil.which(given)):
            raise NoChromiumError(f"{GIVEN} names {given}, which cannot be run. {WAY_OUT}")
        return Path(found)
    if installed := next(filter(None, map(shutil.which, NAMES)), None):
        return Path(installed)
    own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def _install() -> None:
    for command in INSTALL:
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise NoChromiumError(f"`{' '.join(command)}` failed: {done.stderr[-500:]} {WAY_OUT}")


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process of this machine in at a time; the lock ends with the process that holds it."""
    with (Path(tempfile.gettempdir()) / "exactsync-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
