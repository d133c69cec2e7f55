"""My objective: the CLV that a rep gained within a quarter, and how fast."""

from django import forms
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from campaigns import permissions
from campaigns.queries.objective import Quarter, objective, offered
from common.access import requires
from common.clock import business_today
from common.htmx import render_page
from crm.choices import Role
from crm.models import User
from crm.requests import SignedInRequest
from segments.permissions import VIEW_DASHBOARD


class ObjectiveForm(forms.Form):
    """Which quarter, and for who leads a team, whose."""

    quarter = forms.ChoiceField(required=False)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "pk"),
        required=False,
        empty_label="Me",
    )

    def __init__(self, *args: object, user: User, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        quarters = offered(business_today())
        self.fields["quarter"].choices = [(q.label, q.label) for q in quarters]  # type: ignore[attr-defined]
        leads = user.roles & {Role.MANAGER, Role.ADMINISTRATOR}
        if not (leads or user.is_superuser):
            del self.fields["owner"]


@require_GET
@requires(permissions.VIEW_TODAY)
def my_objective(request: SignedInRequest) -> HttpResponse:
    form = ObjectiveForm(request.GET or None, user=request.user)
    said = form.cleaned_data if form.is_valid() else {}
    today = business_today()
    found = objective(
        owner=said.get("owner") or request.user,
        quarter=Quarter.read(said.get("quarter", "")) or Quarter.of(today),
        user=request.user,
    )
    return render_page(
        request,
        "campaigns/objective/page.html",
        fragment="campaigns/objective/_objective.html",
        context={
            "form": form,
            "objective": found,
            "sees_experience": request.user.has_perm(VIEW_DASHBOARD),
            "today": today,
        },
    )
