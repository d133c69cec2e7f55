"""Which class a page is asked for, and among which accounts."""

from django.http import Http404

from crm.requests import SignedInRequest
from segments.choices import WorthClass
from segments.queries.class_scope import ClassScope


def class_scope(request: SignedInRequest, key: str) -> ClassScope:
    """Return the class of that name as the filter bar narrows it.

    Raises
    ------
    Http404
        If there is no such class.
    """
    if key not in WorthClass.values:
        raise Http404(key)
    return ClassScope.read(request.GET.dict(), request.user, WorthClass(key))
