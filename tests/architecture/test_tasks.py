"""Only the doors of the queue know the queue; nobody else reads the environment."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["common", "crm", "clv", "segments", "campaigns"]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def files():
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def roots_of(path):
    return {name.split(".")[0] for name in imports_of(path)}


def test_only_tasks_and_config_know_the_queue():
    knowing = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.name != "tasks.py" and roots_of(path) & {"celery", "kombu", "redis"}
    ]
    assert knowing == []


@pytest.mark.parametrize("call", [".delay(", ".apply_async(", ".send_task("])
def test_nothing_is_sent_from_a_request(call):
    sending = [
        str(path.relative_to(ROOT))
        for path in files()
        if path.name != "tasks.py" and call in path.read_text()
    ]
    assert sending == []


def test_only_one_module_reads_the_environment():
    reading = [
        str(path.relative_to(ROOT))
        for path in files()
        if "environ" in path.read_text() or "getenv" in path.read_text()
    ]
    assert reading == []


def test_nobody_imports_inside_functions():
    inside = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert inside == []
