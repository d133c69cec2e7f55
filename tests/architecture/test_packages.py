"""Packages are empty at the top, so that importing an engine imports no Django."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["common", "crm", "clv", "segments", "campaigns"]
ENGINES = sorted(ROOT.glob("*/engine/__init__.py"))
LONGEST = 400  # lines of a file


@pytest.mark.parametrize("path", [ROOT / app / "__init__.py" for app in APPS] + ENGINES)
def test_packages_are_empty_at_the_top(path):
    assert path.read_text().strip() == ""


@pytest.mark.parametrize(
    "name", sorted(f"{p.parent.name}.engine" for p in ROOT.glob("*/engine"))
)
def test_an_engine_knows_no_django(name):
    program = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({name!r})\n"
        f"modules = pkgutil.walk_packages(package.__path__, {name + '.'!r})\n"
        "for found in modules:\n"
        "    importlib.import_module(found.name)\n"
        "print(sorted({'django', 'rest_framework', 'celery'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_files_stay_readable():
    too_long = {
        str(path.relative_to(ROOT)): lines
        for app in [*APPS, "config"]
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        and (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert too_long == {}
