"""Who a REST request comes from."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.models import Membership, User

if TYPE_CHECKING:
    from rest_framework.views import APIView

BEARER = "bearer "


def bearer_key(authorization: str) -> str | None:
    """The API key in an `Authorization` header, if there is one."""
    return authorization[len(BEARER) :].strip() if authorization.lower().startswith(BEARER) else None


def shown_key(request: HttpRequest) -> str | None:
    """The API key a request shows, if it shows one."""
    return bearer_key(str(request.META.get("HTTP_AUTHORIZATION", "")))


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. The middleware has looked the key up already."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if shown_key(request._request) is None:
            return None
        membership: Membership | None = getattr(request._request, "membership", None)
        if membership is None:
            raise AuthenticationFailed("This API key is not valid (any more).")
        return membership.user, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsMember(BasePermission):
    """Only members of the tenant the request works for."""

    message = "You are not a member of a workspace."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        membership: Membership | None = getattr(request._request, "membership", None)
        return membership is not None and request.user is not None and membership.user_id == request.user.pk


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.people.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
