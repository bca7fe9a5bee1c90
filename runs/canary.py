"""Canaries prove that workers consume what the broker has: a queue that only fills looks healthy otherwise."""

from datetime import timedelta

from django.db.models.functions import Now

from runs.hints import send_canary
from runs.models import Canary

EVERY = timedelta(seconds=10)
PATIENCE = timedelta(seconds=20)


def send_if_due() -> None:
    """Send one, unless somebody sent one lately; forget the old ones."""
    if Canary.objects.filter(sent_at__gt=Now() - EVERY).exists():
        return
    Canary.objects.filter(sent_at__lt=Now() - timedelta(hours=1)).delete()
    send_canary(Canary.objects.create(sent_at=Now()).pk)


def mark_seen(number: int, worker: str) -> None:
    Canary.objects.filter(pk=number, seen_at=None).update(seen_at=Now(), worker=worker)


def workers_consume() -> bool:
    """False when a canary was sent a while ago and neither it nor a later one has arrived. Who sends none learns nothing."""
    sent = Canary.objects.filter(sent_at__lt=Now() - PATIENCE, sent_at__gt=Now() - PATIENCE - 4 * EVERY)
    return not sent.exists() or Canary.objects.filter(seen_at__gt=Now() - EVERY - PATIENCE).exists()
