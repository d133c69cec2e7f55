"""Watching processes: restart what dies, end all in order."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field

from config.embedded import EmbeddedError, Server
from config.embedded.process import Command, spawn, tail, wait_ended
from config.supervisor.console import say

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 30.0
STEADY = 60.0
# Seconds after which a process that does not end is told so more firmly.
PATIENCE = ((signal.SIGTERM, 12.0), (signal.SIGQUIT, 8.0), (signal.SIGKILL, 5.0))


@dataclass
class Watched:
    """A process that is to run until the end."""

    command: Command
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE
    due: float | None = None

    def look(self) -> None:
        """Restart the process if it has died, later each time it dies young."""
        now = time.monotonic()
        if self.due is not None:
            if now >= self.due:
                self._restart()
            return
        if self.process.poll() is None:
            return
        kill_group(self.process)
        if now - self.started > STEADY:
            self.pause = FIRST_PAUSE
        say(
            f"{self.command.name} ended with code {self.process.returncode}; it starts "
            f"again in {self.pause:.0f} s. Its log: {self.command.log}"
        )
        self.due = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def _restart(self) -> None:
        self.due = None
        self.started = time.monotonic()
        self.process = spawn(self.command)


class Fleet:
    """All processes of one start."""

    def __init__(self) -> None:
        self.servers: list[tuple[Server, Watched]] = []
        self.services: list[Watched] = []
        self.hurry = False

    def add_server(self, server: Server) -> None:
        self.servers.append((server, Watched(server.command, server.process)))

    def launch(self, command: Command) -> Watched:
        watched = Watched(command, spawn(command))
        self.services.append(watched)
        return watched

    def run(self, command: Command) -> None:
        """Run a command to its end; stop it with everything else."""
        watched = self.launch(command)
        code = watched.process.wait()
        self.services.remove(watched)
        if code != 0:
            raise EmbeddedError(
                f"{command.name} failed. Its log {command.log} ends with:\n"
                f"{tail(command.log)}"
            )

    def look(self) -> None:
        for _, watched in self.servers:
            watched.look()
        for watched in self.services:
            watched.look()

    def stop(self) -> None:
        """End the services together, then the servers they use."""
        running = [watched.process for watched in self.services]
        for number, seconds in PATIENCE:
            _signal_all(running, signal.SIGKILL if self.hurry else number)
            if self._wait(running, seconds):
                break
        for process in running:
            kill_group(process)
        for server, watched in reversed(self.servers):
            server.process = watched.process
            server.stop(seconds=2.0 if self.hurry else 30.0)

    def _wait(self, running: list[subprocess.Popen[bytes]], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if wait_ended(running, 0.2):
                return True
            if self.hurry:
                _signal_all(running, signal.SIGKILL)
        return False


def _signal_all(running: list[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    for process in running:
        process.send_signal(number)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what an ended process has left in its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
