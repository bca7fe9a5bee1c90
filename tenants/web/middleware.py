"""What every HTTP request passes: the tenant it works for, and the browser's rules."""

from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict

from tenants.isolation.scope import entered
from tenants.people.access import remember_role
from tenants.people.api_keys import key_and_membership
from tenants.people.authentication import shown_key
from tenants.people.sessions import session_memberships
from tenants.web.pages import refusal

Respond = Callable[[HttpRequest], HttpResponse]


class SecureCookiesMiddleware:
    """Where the site is https, no cookie ever travels without it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response


class TenantMiddleware:
    """Puts the request into its tenant's scope: that of the API key, else that of the session."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        secret = shown_key(request)
        if secret is not None:
            key, membership = key_and_membership(secret) or (None, None)
            memberships = [membership] if membership else []
        else:
            key, memberships = None, session_memberships(request.user, request.session)
            membership = next(iter(memberships), None)
        if membership is not None:
            remember_role(membership)
        request.api_key = key  # type: ignore[attr-defined]
        request.membership = membership  # type: ignore[attr-defined]
        request.memberships = memberships  # type: ignore[attr-defined]
        with entered(membership.tenant_id if membership else None):
            return self.get_response(request)


class StorableTextMiddleware:
    """Refuses NUL in addresses and forms: no database keeps it, and some end a query with a fault."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        texts = [request.path, *self._texts(request.GET)]
        if request.method == "POST" and not request.path.startswith("/api/"):
            texts += self._texts(request.POST)
        if any("\0" in text for text in texts):
            raise BadRequest("The request has a NUL character in its address or its form.")
        return self.get_response(request)

    @staticmethod
    def _texts(fields: QueryDict) -> Iterator[str]:
        for name, values in fields.lists():
            yield name
            yield from values


class BareErrorMiddleware:
    """Gives errors that came without a word, such as a method that an address does not know, a page of their own."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.content or request.path.startswith("/api/"):
            return response
        page = refusal(request, 405, "This address cannot be opened like that.", "Go back to the page that led here.")
        page["Allow"] = response["Allow"]
        return page


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
