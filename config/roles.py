"""Roles are groups, and the code says what each role may do.

No permission rows: a grant is a line in an app's `permissions.py`, reviewed like code.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest

from campaigns import permissions as campaigns
from clv import permissions as clv
from crm import permissions as crm
from crm.choices import Role
from crm.models import User
from segments import permissions as segments

GRANTS: dict[Role, frozenset[str]] = {
    role: crm.GRANTS[role]
    | clv.GRANTS[role]
    | segments.GRANTS[role]
    | campaigns.GRANTS[role]
    for role in Role
}


class RoleBackend:
    """Answers `user.has_perm` from the user's roles; never signs anybody in.

    It has no `get_user`, so that no session can be opened in its name.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Model | None = None) -> bool:
        """Tell whether one of the user's roles carries `perm`.

        Raises
        ------
        PermissionDenied
            If none does: then no other backend looks for permission rows.
        """
        if not isinstance(user_obj, User):
            return False
        if user_obj.is_active and any(perm in GRANTS[one] for one in user_obj.roles):
            return True
        raise PermissionDenied(perm)
