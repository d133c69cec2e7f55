"""Linear algebra in one thread: with several, busy cores wait for each other."""

import os
import subprocess
import sys

import pytest

COUNT = """
{first}
import os
import numpy as np

def threads():
    return len(os.listdir("/proc/self/task"))

np.linalg.eigh(np.eye(600))
print(threads())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize(
    "first",
    [
        "import config.celery as c; c.app.loader.import_default_modules()",
        "import config.settings.test",
    ],
)
def test_what_starts_with_the_settings_has_one_thread(first):
    bare = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_NUM_THREADS")
    }
    ran = subprocess.run(
        [sys.executable, "-c", COUNT.format(first=first)],
        capture_output=True,
        text=True,
        check=True,
        env=bare,
    )
    assert ran.stdout.split()[-1] == "1"
