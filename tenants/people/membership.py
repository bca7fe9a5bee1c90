"""Whose membership a request works under."""

from django.http import HttpRequest
from rest_framework.request import Request

from tenants.models import Membership
from tenants.problems import NotSignedIn


def active_membership(request: HttpRequest | Request) -> Membership:
    """The membership the middleware found. Raises NotSignedIn when there is none."""
    plain = request._request if isinstance(request, Request) else request
    membership: Membership | None = getattr(plain, "membership", None)
    if membership is None:
        raise NotSignedIn()
    return membership
