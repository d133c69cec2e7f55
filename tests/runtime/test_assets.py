import re

from django.contrib.staticfiles import finders
from django.core.management import call_command

from config import assets


def test_each_listed_file_is_found_under_its_short_name():
    finder = assets.PackageFinder()

    names = [name for name, _ in finder.list([])]

    assert names == list(assets.PACKAGE_FILES)
    for name in names:
        found = finders.find(name)
        assert found == str(assets.packages_folder() / assets.PACKAGE_FILES[name])
        assert finders.find(name, find_all=True) == [found]


def test_nothing_else_of_the_packages_is_served():
    finder = assets.PackageFinder()

    for path in ("vendor/x.js", "echarts/package.json", "vendor/../package.json"):
        assert finder.find(path) == []
        assert finders.find(path) is None
        assert finder.find(path, find_all=True) == []


def test_a_missing_file_is_reported_with_what_to_do(monkeypatch, tmp_path, settings):
    assert assets.check_packages() == []
    settings.STATIC_ROOT = tmp_path / "none"
    monkeypatch.setattr(assets, "packages_folder", lambda: tmp_path)

    (problem,) = assets.check_packages()

    assert "vendor/htmx.min.js" in problem.msg
    assert "make setup" in problem.hint


def test_an_image_without_packages_is_content_with_collected_files(
    monkeypatch, tmp_path, settings
):
    settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(assets, "packages_folder", lambda: tmp_path / "none")
    for name in assets.PACKAGE_FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert assets.check_packages() == []


def test_collecting_hashes_names_and_does_not_stumble_over_source_maps(
    tmp_path, settings
):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "config.assets.ManifestStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)

    hashed = [path.name for path in (tmp_path / "vendor").iterdir()]
    for name in ("tabler.min", "htmx.min", "echarts.min"):
        assert any(re.fullmatch(rf"{name}\.[0-9a-f]{{12}}\.\w+", one) for one in hashed)
