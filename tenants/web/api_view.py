"""Base of the REST views of every room."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.models import ApiKey, Tenant, User
from tenants.people.access import require_here
from tenants.people.membership import active_membership
from tenants.problems import InvalidValue
from tenants.roles import Action
from tenants.web.filters import Filter, NumberFilter
from tenants.web.paging import Order, page_of_items, page_of_rows

M = TypeVar("M", bound=Model)
T = TypeVar("T")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
"""RFC 3339's."""


class MemberApiView(APIView):
    """A view for members. `needs` is what their role must allow, by method; HEAD needs what GET needs."""

    needs: ClassVar[dict[str, Action]] = {}
    filters: ClassVar[tuple[Filter, ...]] = ()
    """The query parameters that GET knows."""
    answers: ClassVar[dict[str, tuple[int, ...]]] = {}
    """By method: error statuses beyond those that every address may answer."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method or ""
        needed = self.needs.get(method)
        if needed:
            require_here(self.user, needed)
        if hasattr(self, method.lower()):
            self._check_query(request, {each.name: each for each in self.filters} if method == "GET" else {})

    @staticmethod
    def _check_query(request: Request, known: dict[str, Filter]) -> None:
        for name, texts in request.query_params.lists():
            if name not in known:
                cure = f"Known parameters: {', '.join(sorted(known)) or 'none'}."
                raise InvalidValue(f"Unknown query parameter {name[:60]!r}.", cure=cure)
            if len(texts) > 1:
                raise InvalidValue(f"`{name}` stands in the query {len(texts)} times.", cure="Send it once.")
            known[name].check(texts[0])

    def asked(self, name: str) -> str:
        """What the query says; nothing when it does not."""
        return str(self.request.query_params.get(name, ""))

    def number(self, name: str) -> int:
        """What the query says, or the filter's default."""
        default = next(each.default for each in self.filters if isinstance(each, NumberFilter) and each.name == name)
        return int(self.request.query_params.get(name, default))

    def page(self, rows: "QuerySet[M, M]", order: Order) -> tuple[list[M], str | None]:
        """The rows that the query asks for, and the cursor of the next page. The view's filters have PAGING."""
        return page_of_rows(rows, order, cursor=self.asked("cursor"), limit=self.number("limit"))

    def page_of(self, items: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
        """The same of a list in memory."""
        return page_of_items(items, key, cursor=self.asked("cursor"), limit=self.number("limit"))

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


def number_field(data: dict[str, Any], name: str, *, least: int = 0) -> int:
    value = data[name]
    if isinstance(value, float) and value.is_integer():  # `5.0` is a whole number in JSON
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**31:
        raise InvalidValue(f"`{name}` must be a whole number from {least} to {2**31 - 1}.", details={"field": name})
    return value


def moment_field(data: dict[str, Any], name: str) -> datetime | None:
    """A moment with its zone; None when it is null or missing."""
    value = data.get(name)
    if value is None:
        return None
    try:
        if _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    cure = "Write it with its zone, as 2026-01-31T12:00:00Z."
    raise InvalidValue(f"`{name}` must be a moment.", cure=cure, details={"field": name})


def _names(fields: frozenset[str]) -> str:
    return ", ".join(sorted(fields)) or "no fields"
