"""Lucide's icons, each written once per process: every page shows dozens of them."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide as write_icon

register = template.Library()


@register.simple_tag
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    """Draw one icon as `{% lucide "phone" size=18 %}`."""
    return _written(name, size, tuple(attributes.items()))


@lru_cache(maxsize=1000)
def _written(
    name: str, size: int | None, attributes: tuple[tuple[str, object], ...]
) -> SafeString:
    icon = write_icon(name, size=size, **dict(attributes))
    return mark_safe(icon)  # noqa: S308 - drawn by the library
