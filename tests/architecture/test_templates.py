"""Pages live under a strict policy: nothing inline; fragments say what they are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "templates"
TEMPLATES = sorted(ROOT.rglob("*.html"))
NAMES = [str(path.relative_to(ROOT)) for path in TEMPLATES]
LONGEST = 120  # lines

FORBIDDEN = {
    "inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", re.IGNORECASE
    ),
    "inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on[:\s=]", re.IGNORECASE),
    "script in an attribute": re.compile(r"[\"'](?:js|javascript):", re.IGNORECASE),
    "unescaped text": re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off"),
}
# Django escapes help texts of forms itself; they are the code's own words.
SAFE_HERE = {"common/field.html"}


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_nothing_is_inline(path):
    text = path.read_text()
    if str(path.relative_to(ROOT)) in SAFE_HERE:
        text = text.replace("|safe", "")
    assert [name for name, found in FORBIDDEN.items() if found.search(text)] == []


def test_every_script_is_loaded_somewhere():
    scripts = {f"js/{path.name}" for path in (ROOT.parent / "static/js").glob("*.js")}
    texts = [path.read_text() for path in TEMPLATES]
    loaded = {one for one in scripts if any(one in text for text in texts)}
    # The worker is registered by a script, from an address of its own.
    assert scripts - loaded == {"js/offline-worker.js"}


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_templates_stay_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize(
    "path",
    [path for path in TEMPLATES if path.name.startswith("_")],
    ids=[name for name in NAMES if Path(name).name.startswith("_")],
)
def test_fragments_say_what_they_need(path):
    """After loads, the first thing is a comment that names the context."""
    text = re.sub(r"^(\s*{%\s*load [^%]*%})+", "", path.read_text()).lstrip()
    assert text.startswith("{% comment %}")
    head = text.partition("{% endcomment %}")[0]
    assert "Context:" in head or "Context" in head


@pytest.mark.parametrize(
    "bad", ["<p style='x'>", "<script>x</script>", '<a onclick="x">']
)
def test_the_test_sees_what_is_inline(bad):
    assert any(found.search(bad) for found in FORBIDDEN.values())
