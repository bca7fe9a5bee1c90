"""Base of the REST views of every room."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.models import ApiKey, Tenant, User
from tenants.people.access import require_here
from tenants.people.membership import active_membership
from tenants.problems import InvalidValue
from tenants.roles import Action


class MemberApiView(APIView):
    """A view for members. `needs` is what their role must allow, by method; `filters` the query parameters it knows."""

    needs: ClassVar[dict[str, Action]] = {}
    filters: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        unknown = sorted(set(request.query_params) - self.filters)
        if unknown:
            known = ", ".join(sorted(self.filters)) or "none"
            raise InvalidValue(f"Unknown query parameter {unknown[0][:60]!r}.", cure=f"Known parameters: {known}.")
        needed = self.needs.get(request.method or "")
        if needed:
            require_here(self.user, needed)

    @property
    def user(self) -> User:
        return active_membership(self.request).user

    @property
    def key(self) -> ApiKey | None:
        """What the request was sent with; None for a person at a browser."""
        found: ApiKey | None = getattr(self.request._request, "api_key", None)
        return found

    @property
    def tenant(self) -> Tenant:
        return active_membership(self.request).tenant


def body_of(request: Request, *, required: frozenset[str] = frozenset(), optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The JSON object of a request with exactly the fields it may have."""
    data = request.data
    if not isinstance(data, dict):
        raise InvalidValue("The body must be a JSON object.", cure=f"Send an object with {_names(required | optional)}.")
    unknown = sorted(set(data) - required - optional)
    missing = sorted(required - set(data))
    if unknown:
        raise InvalidValue(f"Unknown field {unknown[0][:60]!r}.", cure=f"Known fields: {_names(required | optional)}.")
    if missing:
        raise InvalidValue(f"The field {missing[0]!r} is missing.", cure=f"Send {_names(required)}.")
    return data


def text_field(data: dict[str, Any], name: str, *, longest: int, default: str = "") -> str:
    value = data.get(name, default)
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidValue(f"`{name}` must be text of at most {longest} characters.", details={"field": name})
    return value


def number_field(data: dict[str, Any], name: str) -> int:
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise InvalidValue(f"`{name}` must be a whole number from 0.", details={"field": name})
    return value


def moment_field(data: dict[str, Any], name: str) -> datetime | None:
    """A moment with its zone; None when it is null or missing."""
    value = data.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    cure = "Write it with its zone, as 2026-01-31T12:00:00Z."
    raise InvalidValue(f"`{name}` must be a moment.", cure=cure, details={"field": name})


def _names(fields: frozenset[str]) -> str:
    return ", ".join(sorted(fields)) or "no fields"
