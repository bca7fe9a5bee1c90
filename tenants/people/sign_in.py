"""How people come in: password with a throttle, or a link that works once."""

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from tenants.isolation.scope import system_scope
from tenants.models import SignInLink, SignInThrottle, Tenant, User
from tenants.people.tokens import digest_of, new_token
from tenants.problems import ApiProblem, TooManyAttempts

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 50
LINK_LIFETIME = timedelta(hours=1)


class SignInRefused(ApiProblem):
    """The name or the password is not right."""

    code = "sign_in_refused"
    status = 400
    cure = "Check both and try again."


class LinkRefused(ApiProblem):
    """This sign-in link is not valid (any more)."""

    code = "link_refused"
    status = 400
    cure = "Ask for a new link; each works once, for one hour."


def sign_in_with_password(*, request: HttpRequest, username: str, password: str) -> User:
    """The user, or the same refusal whether the account exists or not. Failures are counted."""
    address = request.META.get("REMOTE_ADDR", "")
    limits = {
        _key("account", username.casefold(), address): FAILURES_PER_ACCOUNT_AND_ADDRESS,
        _key("address", address): FAILURES_PER_ADDRESS,
    }
    now = timezone.now()
    _refuse_throttled(limits, now)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User) or user.is_service:
        _count_failure(list(limits), now)
        raise SignInRefused()
    SignInThrottle.objects.filter(key=next(iter(limits))).delete()
    return user


def create_sign_in_link(*, tenant: Tenant, user: User) -> str:
    """The token of a new link for `user`, to be opened within the hour."""
    if user.is_service:
        raise SignInRefused("A service never signs in.")
    token = new_token()
    SignInLink.objects.create(tenant=tenant, user=user, digest=digest_of(token), expires_at=timezone.now() + LINK_LIFETIME)
    return token


def usable_link(token: str) -> SignInLink:
    """The link, if it would sign somebody in now."""
    with system_scope():
        link = (
            SignInLink.objects.filter(digest=digest_of(token), used_at=None, expires_at__gt=timezone.now())
            .select_related("user", "tenant")
            .first()
        )
    if link is None or not link.user.is_active:
        raise LinkRefused()
    return link


def use_link(token: str) -> SignInLink:
    """Use a link up. Of two at the same moment one wins."""
    link = usable_link(token)
    with system_scope():
        won = SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now())
    if not won:
        raise LinkRefused()
    return link


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _refuse_throttled(limits: dict[str, int], now: datetime) -> None:
    rows = SignInThrottle.objects.filter(key__in=limits, window_started_at__gt=now - WINDOW)
    if any(row.failures >= limits[row.key] for row in rows):
        raise TooManyAttempts("Too many sign-ins failed.")


def _count_failure(keys: list[str], now: datetime) -> None:
    with transaction.atomic():
        SignInThrottle.objects.filter(window_started_at__lte=now - WINDOW).delete()
        for key in keys:
            SignInThrottle.objects.get_or_create(key=key, defaults={"window_started_at": now})
            SignInThrottle.objects.filter(key=key).update(failures=F("failures") + 1)
