"""What agents remember across runs: named spaces, and the memories in them."""

from django.db import models
from django.utils import timezone

from runs.vector_field import VectorField
from tenants.models import Tenant, TenantOwned


class MemorySpace(TenantOwned):
    """A named memory that agents of the tenant share.

    `version` grows with every row that is written, `erased` with every one that goes: who holds a copy knows what it lacks.
    """

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=63)
    version = models.PositiveBigIntegerField(default=0)
    erased = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    """How many memories it holds."""
    asked = models.JSONField(default=dict)
    """By which embedding models agents have looked for something here, and when last, in seconds since 1970."""
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="memory_space_once")]

    def __str__(self) -> str:
        return self.name


class Memory(TenantOwned):
    """Something that agents keep across runs. Vectors of different models are never compared.

    `once` is the idempotency key of the call that kept it. `stamp` is its space's version at the last writing.
    Where it is from is kept in words as well: what it names may be gone.
    """

    class Kind(models.TextChoices):
        NOTE = "note"
        EPISODE = "episode"

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    space = models.ForeignKey(MemorySpace, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    text = models.TextField()
    embedding = VectorField()
    model = models.CharField(max_length=200)
    dimension = models.PositiveIntegerField()
    once = models.CharField(max_length=64)
    stamp = models.PositiveBigIntegerField()
    sensitive = models.JSONField(default=list)
    """What in it looks sensitive and was let pass."""
    run = models.ForeignKey("runs.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    path = models.TextField(blank=True)
    agent = models.CharField(max_length=80, blank=True)
    graph = models.CharField(max_length=80, blank=True)
    person = models.CharField(max_length=200, blank=True)
    """Who had the run made, or who has corrected it last."""
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True)
    recalled_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "once"], name="memory_once")]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="memory_list"),
            models.Index(fields=["space", "kind", "model", "stamp"], name="memory_space_stamp"),
            models.Index(fields=["space", "kind", "created_at"], name="memory_space_age"),
            models.Index(fields=["expires_at"], name="memory_expires", condition=models.Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text[:80]
