"""What every HTTP request passes: the tenant it works for, and the browser's rules."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from tenants.access import remember_role
from tenants.api_keys import membership_of_key
from tenants.models import Membership, User
from tenants.scope import entered, system_scope

SESSION_TENANT = "tenant"
BEARER = "bearer "

Respond = Callable[[HttpRequest], HttpResponse]


def bearer_key(request: HttpRequest) -> str | None:
    """The API key a request shows, if it shows one."""
    header = str(request.META.get("HTTP_AUTHORIZATION", ""))
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else None


def session_membership(user: User | AnonymousUser, wanted: str | None) -> Membership | None:
    """The membership of `user` in the tenant they chose, else in their first one."""
    if not isinstance(user, User):
        return None
    with system_scope():
        memberships = list(Membership.objects.filter(user=user).select_related("tenant", "user").order_by("created_at", "tenant__slug"))
    chosen = [membership for membership in memberships if str(membership.tenant_id) == wanted]
    return next(iter(chosen or memberships), None)


class TenantMiddleware:
    """Puts the request into its tenant's scope: that of the API key, else that of the session."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = bearer_key(request)
        membership = membership_of_key(key) if key is not None else session_membership(request.user, request.session.get(SESSION_TENANT))
        if membership is not None:
            remember_role(membership)
        request.membership = membership  # type: ignore[attr-defined]
        with entered(membership.tenant_id if membership else None):
            return self.get_response(request)


class ContentSecurityMiddleware:
    """Nothing is loaded from, sent to or framed by anybody else."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy(request.get_host()))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    @staticmethod
    def policy(host: str) -> str:
        # Attributes may carry styles: the canvas and the waterfall place things by them.
        return "; ".join(
            (
                "default-src 'self'",
                "img-src 'self' data:",
                f"connect-src 'self' ws://{host} wss://{host}",
                "style-src 'self'",
                "style-src-attr 'unsafe-inline'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            )
        )
