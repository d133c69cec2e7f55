"""Third-party browser files: a whitelist of names served out of node_modules.

The packages hold over a hundred megabytes; pages use these few files of them.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

from config import env

PACKAGE_FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/echarts.min.js": "echarts/dist/echarts.min.js",
    "vendor/sortable.min.js": "sortablejs/Sortable.min.js",
    "vendor/tom-select.min.css": ("tom-select/dist/css/tom-select.bootstrap5.min.css"),
    "vendor/tom-select.min.js": "tom-select/dist/js/tom-select.popular.min.js",
}


def packages_folder() -> Path:
    return env.PROJECT / "node_modules"


class PackageFinder(BaseFinder):
    """Find the whitelisted files of npm packages under their short names."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        self.storage = PackageStorage()

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002 - Django's own signature
        if path not in PACKAGE_FILES or not self.storage.exists(path):
            return []  # as Django's own finders do; None would count as a match
        found = self.storage.path(path)
        return [found] if find_all else found

    def list(
        self, ignore_patterns: Iterable[str] | None
    ) -> Iterator[tuple[str, Storage]]:
        del ignore_patterns  # They are meant for folders; here each file is named.
        for name in PACKAGE_FILES:
            if self.storage.exists(name):
                yield name, self.storage


class PackageStorage(FileSystemStorage):
    """Read-only view of node_modules under the whitelist's names."""

    prefix = ""

    def __init__(self) -> None:
        super().__init__(location=packages_folder())

    def path(self, name: str) -> str:
        return super().path(PACKAGE_FILES[name])


SOURCE_MAP = "sourceMappingURL"


class _NoSourceMaps:
    """Leave `sourceMappingURL` comments alone: the maps are not served."""

    _patterns: dict[str, list[tuple[re.Pattern[str], str]]]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patterns = {
            extension: [rule for rule in rules if SOURCE_MAP not in rule[0].pattern]
            for extension, rules in self._patterns.items()
        }


class ManifestStorage(_NoSourceMaps, ManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names, no compression: for a first start that must not wait."""


class CompressedManifestStorage(_NoSourceMaps, CompressedManifestStaticFilesStorage):
    """Hashed names and compressed copies: for an image that is built once."""


@register(Tags.staticfiles)
def check_packages(**_: Any) -> list[CheckMessage]:
    """Report whitelisted files that are not installed."""
    collected = Path(settings.STATIC_ROOT)
    missing = [
        name
        for name, file in PACKAGE_FILES.items()
        if not (packages_folder() / file).exists()
        # An image holds the collected copies only.
        and not (collected / name).exists()
    ]
    if not missing:
        return []
    return [
        Error(
            f"Browser files are missing: {', '.join(missing)}.",
            hint="Run `make setup` (or `npm ci --ignore-scripts`).",
            id="perennial.E001",
        )
    ]
