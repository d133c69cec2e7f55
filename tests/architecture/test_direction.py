"""Foreign keys and templates point downwards, as imports do."""

import re
from pathlib import Path

from django import forms
from django.apps import apps  # noqa: TID251  the walk over all models

ORDER = ["common", "crm", "clv", "segments", "campaigns", "config"]
ROOT = Path(__file__).resolve().parents[2]
REFERENCE = re.compile(r"{%\s*(?:include|extends)\s+[\"']([^\"']+)[\"']")
FRAME = {"base.html", "404.html", "403.html", "500.html", "503.html"}


def rank(name):
    return ORDER.index(name)


def foreign_keys():
    for model in apps.get_models():
        label = model._meta.app_label
        if label in ORDER:
            for field in model._meta.get_fields():
                other = getattr(field, "related_model", None)
                if other is not None and not field.auto_created:
                    yield label, f"{model.__name__}.{field.name}", other._meta.app_label


def test_foreign_keys_point_downwards():
    upwards = [
        (field, target)
        for label, field, target in foreign_keys()
        if target in ORDER and rank(target) > rank(label)
    ]
    assert upwards == []


def test_lower_models_grow_no_attribute_of_an_upper_app():
    grown = [
        f"{model.__name__}.{relation.get_accessor_name()}"
        for model in apps.get_models()
        if model._meta.app_label in ORDER
        for relation in model._meta.related_objects
        if relation.related_model._meta.app_label in ORDER
        and rank(relation.related_model._meta.app_label) > rank(model._meta.app_label)
    ]
    assert grown == []


def templates():
    folder = ROOT / "templates"
    for path in sorted(folder.rglob("*.html")):
        yield path.relative_to(folder), path.read_text()


def test_templates_point_downwards():
    upwards = [
        (str(path), target)
        for path, text in templates()
        if path.parts[0] in ORDER
        for target in REFERENCE.findall(text)
        if target.split("/")[0] in ORDER
        and rank(target.split("/")[0]) > rank(path.parts[0])
    ]
    assert upwards == []


def test_every_template_that_is_named_exists():
    folders = ROOT / "templates", Path(forms.__file__).parent / "templates"
    named = {
        target
        for path, text in templates()
        if path.parts[0] in ORDER or str(path) in FRAME
        for target in REFERENCE.findall(text)
    }
    missing = {name for name in named if not any((f / name).exists() for f in folders)}
    assert missing == set()
