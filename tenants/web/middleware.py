"""What every HTTP request passes: the tenant it works for, and the browser's rules."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from tenants.isolation.scope import entered, system_scope
from tenants.models import Membership, User
from tenants.people.access import remember_role
from tenants.people.api_keys import key_and_membership
from tenants.people.authentication import bearer_key

SESSION_TENANT = "tenant"

Respond = Callable[[HttpRequest], HttpResponse]


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
        secret = bearer_key(request)
        if secret is not None:
            key, membership = key_and_membership(secret) or (None, None)
        else:
            key, membership = None, session_membership(request.user, request.session.get(SESSION_TENANT))
        if membership is not None:
            remember_role(membership)
        request.api_key = key  # type: ignore[attr-defined]
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
