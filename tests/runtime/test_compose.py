"""No container engine runs here: what can be judged by reading is judged."""

import json
import re

import pytest
import yaml

from config import assets, env
from config.embedded.postgres import DURABLE, INITDB
from config.supervisor import services

OURS = ("web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((env.PROJECT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def dockerfile():
    return (env.PROJECT / "Dockerfile").read_text()


def test_it_has_every_part_and_one_beat(compose):
    assert set(compose["services"]) == {*OURS, "postgres", "redis", "mail"}
    beats = [
        name
        for name, service in compose["services"].items()
        if "beat" in service.get("command", [])
    ]
    assert beats == ["beat"]
    assert compose["services"]["beat"]["deploy"]["replicas"] == 1


def test_its_variables_are_the_ones_we_read(compose):
    example = (env.PROJECT / ".env.example").read_text()
    known = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    text = (env.PROJECT / "docker-compose.yml").read_text()

    assert set(re.findall(r"\$\{([A-Z_]+)", text)) <= known | {"DJANGO_SETTINGS_MODULE"}
    for name in OURS:
        given = set(compose["services"][name]["environment"])
        assert given <= known | {"DJANGO_SETTINGS_MODULE"}
        local = {"PERENNIAL_PORT", "PERENNIAL_DATA", "PERENNIAL_DEMO", "CI", "CHROMIUM"}
        database = {"POSTGRES_PASSWORD", "POSTGRES_SHARED_BUFFERS"}
        assert known - local - database <= given


def test_each_process_says_what_it_is(compose):
    for name in ("web", "worker", "beat"):
        assert compose["services"][name]["environment"]["PERENNIAL_PROCESS"] == name


def test_nothing_secret_has_a_default(compose):
    for name in OURS:
        environment = compose["services"][name]["environment"]
        assert environment["PERENNIAL_SECRET_KEY"].startswith(
            "${PERENNIAL_SECRET_KEY:?"
        )
        assert "${POSTGRES_PASSWORD:?" in environment["DATABASE_URL"]


def test_every_running_service_has_a_health_check_and_starts_again(compose):
    for name, service in compose["services"].items():
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_schema_is_there(compose):
    after = compose["services"]["migrate"]["depends_on"]
    assert after["postgres"]["condition"] == "service_healthy"
    for name in ("web", "worker", "beat"):
        after = compose["services"][name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
        assert after["redis"]["condition"] == "service_healthy"


def test_what_must_last_lies_in_named_volumes(compose):
    for name in ("postgres", "redis", "mail"):
        volumes = [
            volume.split(":")[0] for volume in compose["services"][name]["volumes"]
        ]
        assert volumes
        assert set(volumes) <= set(compose["volumes"])


def test_ports_are_open_to_this_machine_only(compose):
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_database_and_worker_are_set_like_the_embedded_ones(compose):
    postgres = compose["services"]["postgres"]
    arguments = postgres["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert set(arguments) == {
        flag for flag in INITDB if "locale" in flag or "encoding" in flag
    }
    for name, value in DURABLE.items():
        assert f"{name}={value}" in postgres["command"]
    assert f"--queues={services.QUEUES}" in compose["services"]["worker"]["command"]


def test_the_image_runs_as_an_ordinary_user_and_needs_no_node(dockerfile):
    stages = re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)[1:]

    assert [stage.split()[0].split(":")[0] for stage in stages] == [
        "node",
        "python",
        "python",
    ]
    assert re.search(r"^USER perennial$", stages[-1], re.MULTILINE)
    assert "npm ci --ignore-scripts" in stages[0]
    assert "rm -rf node_modules" in stages[1]
    json.loads(re.search(r"^CMD (\[.*\])$", stages[-1], re.MULTILINE)[1])


def test_the_image_leaves_secrets_and_data_out():
    ignored = (env.PROJECT / ".dockerignore").read_text().splitlines()

    assert {".env", ".data", ".venv", ".git", "node_modules"} <= set(ignored)


def test_browser_packages_are_exact_and_come_from_no_named_host():
    wanted = json.loads((env.PROJECT / "package.json").read_text())["dependencies"]
    lock = json.loads((env.PROJECT / "package-lock.json").read_text())["packages"]

    assert lock[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert lock[f"node_modules/{name}"]["version"] == version
    for path, package in lock.items():
        assert "resolved" not in package
        assert path == "" or package["integrity"].startswith("sha512-")
    used = {
        "/".join(file.split("/")[: 2 if file.startswith("@") else 1])
        for file in assets.PACKAGE_FILES.values()
    }
    assert used == set(wanted)
