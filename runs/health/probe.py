"""Probes prove that workers consume what the broker has: a queue that only fills looks healthy otherwise."""

from datetime import timedelta

from django.db.models.functions import Now

from runs.live.wake_ups import send_probe
from runs.models import Probe

EVERY = timedelta(seconds=10)
PATIENCE = timedelta(seconds=20)


def send_if_due() -> None:
    """Send one, unless somebody sent one lately; forget the old ones."""
    if Probe.objects.filter(sent_at__gt=Now() - EVERY).exists():
        return
    Probe.objects.filter(sent_at__lt=Now() - timedelta(hours=1)).delete()
    send_probe(Probe.objects.create(sent_at=Now()).pk)


def mark_seen(number: int, worker: str) -> None:
    Probe.objects.filter(pk=number, seen_at=None).update(seen_at=Now(), worker=worker)


def workers_consume() -> bool:
    """False when a probe was sent a while ago and neither it nor a later one has arrived. Who sends none learns nothing."""
    sent = Probe.objects.filter(sent_at__lt=Now() - PATIENCE, sent_at__gt=Now() - PATIENCE - 4 * EVERY)
    return not sent.exists() or Probe.objects.filter(seen_at__gt=Now() - EVERY - PATIENCE).exists()
