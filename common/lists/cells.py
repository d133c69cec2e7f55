"""How a cell of a list is written as HTML.

By a function and not by a template: a page has hundreds of cells, and a template of
conditions for each of them costs more than everything else of the page together.
"""

from collections.abc import Iterable
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from common.lists.columns import Attempt, Cell, Column


def cell_html(
    column: Column, cell: Cell, *, filter_url: str = "", edit_url: str = ""
) -> SafeString:
    """Write one cell; with `edit_url` it can be changed in place."""
    opening, after_tone, after_class = _frame(column)
    tone = f" p-cell--{cell.tone}" if cell.tone else ""
    title = f' title="{escape(cell.hint)}"' if cell.hint else ""
    edit, pen = _pen(column, edit_url) if edit_url else ("", "")
    return mark_safe(  # noqa: S308 - every text is escaped where it is put in
        f"{opening}{tone}{after_tone}{title}{edit}{after_class}"
        f"{_content(cell, filter_url)}{_beside(column, cell)}{pen}</td>"
    )


@lru_cache(maxsize=1000)
def _frame(column: Column) -> tuple[str, str, str]:
    """Return what is the same in every cell of a column."""
    classes = " ".join(filter(None, ["is-number" * column.is_number, column.style]))
    on_phone = " is-on-phone" if column.is_on_phone else ""
    label = "" if column.is_fixed else f' data-label="{escape(column.title)}"'
    after_tone = f'{on_phone}" data-cell="{escape(column.key)}"{label}'
    return f'<td class="{classes}', after_tone, ">"


def _pen(column: Column, edit_url: str) -> tuple[str, str]:
    url = escape(edit_url)
    button = (
        '<button type="button" class="p-cell__edit" data-edit-start'
        f' hx-get="{url}?edit=1" hx-target="closest td" hx-swap="outerHTML"'
        f' aria-label="Edit {escape(column.title)}">✎</button>'
    )
    return f' data-edit="{url}"', button


def _content(cell: Cell, filter_url: str) -> str:
    """Return what the cell says, as a link where it leads somewhere."""
    if cell.tags:
        return "".join(_tags(cell))
    text = escape(cell.text)
    if cell.badge:
        classes = f"c-class c-class--{escape(cell.badge)}"
        if filter_url:
            return f'<a class="{classes}" href="{escape(filter_url)}">{text}</a>'
        return f'<span class="{classes}">{text}</span>'
    if cell.url:
        return f'<a href="{escape(cell.url)}"{_does(cell.attempt)}>{text}</a>'
    if filter_url:
        return f'<a class="p-cell__filter" href="{escape(filter_url)}">{text}</a>'
    return text


def _does(attempt: Attempt | None) -> str:
    """Say that a link opens its row, or whom it calls or writes to."""
    if attempt is None:
        return " data-open"
    return (
        f' data-log-attempt data-account="{attempt.account}"'
        f' data-contact="{attempt.contact}" data-channel="{escape(attempt.channel)}"'
    )


def _tags(cell: Cell) -> Iterable[str]:
    for tag in cell.tags:
        yield (
            f'<a class="c-tag p-tag p-tag--{escape(tag.colour)}"'
            f' href="?tag={escape(tag.key)}">{escape(tag.name)}</a> '
        )


def _beside(column: Column, cell: Cell) -> str:
    mark = f' <span class="c-tag">{escape(cell.mark)}</span>' if cell.mark else ""
    if not cell.under:
        return mark
    classes = "c-muted c-small p-under" if column.is_number else "c-muted is-short"
    return f'{mark} <span class="{classes}">{escape(cell.under)}</span>'
