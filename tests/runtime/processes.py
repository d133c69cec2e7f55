"""Starting the product as a person does, and seeing what is left of it."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config import embedded, env

SWITCHES = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def data_folder():
    """A data folder directly in the temporary folder, where servers of root get to."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-run-"))
    try:
        yield folder
    finally:
        where = embedded.paths(folder)
        for path in (where.run, where.servers, folder):
            shutil.rmtree(path, ignore_errors=True)


class Product:
    """One `manage.py up` on a data folder."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.output = folder.with_name(f"{folder.name}.out")
        self.process = None

    def start(self):
        variables = {
            name: value for name, value in os.environ.items() if name not in SWITCHES
        }
        variables |= {
            "PERENNIAL_DATA": str(self.folder),
            "PERENNIAL_PORT": str(self.port),
            "PERENNIAL_DEMO": "0",
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(env.PROJECT / "manage.py"), "up"],
                stdout=output,
                stderr=output,
                env=variables,
                cwd=env.PROJECT,
            )
        return self

    def said(self):
        return self.output.read_text()

    def await_ready(self, seconds=240):
        await_(
            lambda: (
                "Perennial is ready" in self.said() or self.process.poll() is not None
            ),
            seconds,
        )
        assert self.process.poll() is None, self.said()

    def ended(self, seconds=60):
        return self.process.wait(timeout=seconds)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def find(self, words):
        """The supervisor's own child whose command line holds the words."""
        for pid, line in left_of(self.folder).items():
            if words in line and _parent(pid) == self.process.pid:
                return pid
        return None

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        self.output.unlink(missing_ok=True)


@contextlib.contextmanager
def product(folder):
    running = Product(folder, free_port())
    try:
        yield running.start()
    finally:
        running.close()


def await_(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def left_of(folder):
    """Every process that was started with the folder or works in it, but us."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            around = (entry / "environ").read_bytes() + bytes(
                (entry / "cwd").readlink()
            )
            if str(folder) in line or os.fsencode(folder) in around:
                found[int(entry.name)] = line
    return found


def _parent(pid):
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None
