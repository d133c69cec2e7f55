"""Child processes that end with their parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.errors import EmbeddedError
from config.embedded.identity import ServiceAccount

PR_SET_PDEATHSIG = 1
TOLD_TO_END = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
LOG_LIMIT = 10 * 1024 * 1024
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Command:
    """What to run, as whom, and how it is told to end."""

    name: str
    argv: Sequence[str]
    log: Path
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    # Sent by the kernel when the parent dies without a word (Linux only).
    orphan_signal: signal.Signals = signal.SIGTERM
    account: ServiceAccount | None = None
    environment: Mapping[str, str] | None = None
    inherited: tuple[int, ...] = ()


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output in its log.

    Output goes to a file and not through a pipe: a child that writes into a pipe whose
    reader was killed may hang instead of ending.
    """
    _turn_over(command.log)
    account = command.account
    with command.log.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own words, no shell
            list(command.argv),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=command.folder,
            env=None if command.environment is None else dict(command.environment),
            # Ctrl-C at the console reaches only the supervisor, which stops in order.
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            pass_fds=command.inherited,
            # Runs after the change of user, which would clear it again.
            preexec_fn=_mortal(command.orphan_signal),  # noqa: PLW1509
        )


def _mortal(number: signal.Signals) -> Callable[[], None]:
    """Let the child end when it is told to, and with its parent (Linux only).

    A shell ignores SIGINT and SIGQUIT for what it starts in the background, and that is
    inherited: a child that has no handlers yet would not hear that its parent died.
    """
    parent, libc = os.getpid(), _LIBC

    def arrange() -> None:
        for told in {*TOLD_TO_END, number}:
            signal.signal(told, signal.SIG_DFL)
        if libc is None:
            return
        libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for a message at the console."""
    if not log.exists():
        return ""
    text = log.read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def wait_ended(processes: Sequence[subprocess.Popen[bytes]], seconds: float) -> bool:
    """Wait until all have ended; return whether they did in time."""
    deadline = time.monotonic() + seconds
    while any(process.poll() is None for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@dataclass
class Server:
    """A running embedded server."""

    command: Command
    is_ready: Callable[[], bool]
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self, *, seconds: float = 60.0) -> None:
        """Start the server and wait until it answers in its own protocol."""
        self.process = spawn(self.command)
        try:
            self._await_ready(time.monotonic() + seconds)
        except BaseException:
            self.stop()
            raise

    def _await_ready(self, deadline: float) -> None:
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{self.command.name} did not start. Its log "
                    f"{self.command.log} ends with:\n{tail(self.command.log)}"
                )
            time.sleep(0.02)

    def stop(self, *, seconds: float = 30.0) -> None:
        """End the server in order; by force only if it does not listen."""
        for number in (self.command.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            if wait_ended([self.process], seconds):
                return
            seconds = 5.0
