"""What a request carries once the guard of its view let it through."""

from common.htmx import HtmxRequest
from crm.models import User


class SignedInRequest(HtmxRequest):
    """A request of somebody who is signed in."""

    user: User
