"""Forms of tags: how one is called and shown, and which it becomes part of."""

from typing import Any

from django import forms

from common.editing import VersionedForm
from crm.models import Tag


class TagForm(VersionedForm):
    """The name and the colour of one tag."""

    class Meta:
        model = Tag
        fields = ["name", "colour"]


class MergeTagForm(forms.Form):
    """The tag that stays."""

    into = forms.ModelChoiceField(Tag.objects.none(), empty_label="Choose one")

    def __init__(self, *args: Any, tag: Tag, **options: Any) -> None:
        super().__init__(*args, **options)
        others = Tag.objects.exclude(pk=tag.pk).order_by("name", "pk")
        self.fields["into"].queryset = others  # type: ignore[attr-defined]
        self.fields["into"].label = "The tag that stays"
