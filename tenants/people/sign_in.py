"""How people come in: password with a throttle, or a link that works once."""

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tenants.isolation.scope import system_scope
from tenants.models import SignInLink, SignInThrottle, Tenant, User
from tenants.people.tokens import digest_of, new_token
from tenants.problems import ApiProblem, TooManyAttempts

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 50
FAILURES_PER_ACCOUNT = 25
"""From everywhere together, but browsers in which the account has signed in before: they are counted each alone, so that
nobody who guesses from many addresses locks the person out."""
BROWSER_KNOWN_FOR = timedelta(days=180)
LINK_LIFETIME = timedelta(hours=1)


_BROWSERS = "tenants.people.sign_in.browsers"


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


def sign_in_with_password(*, address: str, browser: str, username: str, password: str) -> User:
    """The user, or the same refusal whether the account exists or not. `browser` is what `browser_mark` once gave it.

    An attempt counts as failed from its beginning, so those that run at once count as well.
    """
    limits = _limits(username, address, browser)
    _count_attempt(limits, timezone.now())
    user = authenticate(None, username=username, password=password)
    if not isinstance(user, User) or user.is_service:
        raise SignInRefused()
    _forget_attempt(limits)
    return user


def browser_mark(user: User) -> str:
    """Shows later that `user` has signed in with this browser. It gives no right."""
    return signing.dumps([_key(user.username.casefold()), new_token()], salt=_BROWSERS)


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


def _limits(username: str, address: str, browser: str) -> dict[str, int]:
    """How many failures each of the keys takes; the first is forgotten by a success."""
    account = username.casefold()
    per_address = {_key("address", address): FAILURES_PER_ADDRESS}
    if _is_known(browser, account):
        return {_key("browser", browser): FAILURES_PER_ACCOUNT_AND_ADDRESS} | per_address
    pair = {_key("account", account, address): FAILURES_PER_ACCOUNT_AND_ADDRESS}
    return pair | per_address | {_key("everywhere", account): FAILURES_PER_ACCOUNT}


def _is_known(browser: str, account: str) -> bool:
    try:
        marked = signing.loads(browser, salt=_BROWSERS, max_age=BROWSER_KNOWN_FOR)
    except signing.BadSignature:
        return False
    return bool(marked[0] == _key(account))


def _count_attempt(limits: dict[str, int], now: datetime) -> None:
    """Raises TooManyAttempts when one of the keys has no attempt left; then none is counted."""
    with transaction.atomic():
        SignInThrottle.objects.filter(window_started_at__lte=now - WINDOW).delete()
        for key in sorted(limits):  # in one order, or two could wait for each other
            SignInThrottle.objects.get_or_create(key=key, defaults={"window_started_at": now})
            left = SignInThrottle.objects.filter(key=key, failures__lt=limits[key])
            if not left.update(failures=F("failures") + 1):
                raise TooManyAttempts("Too many sign-ins failed.")


def _forget_attempt(limits: dict[str, int]) -> None:
    own, *others = limits
    SignInThrottle.objects.filter(key=own).delete()
    SignInThrottle.objects.filter(key__in=others, failures__gt=0).update(failures=F("failures") - 1)
