"""Runs, their logs, and what is read from the logs in the same transaction."""

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from editor.models import Graph, GraphVersion
from orchestrator.engine.log.status import RunStatus
from runs.json_text import JsonTextField
from runs.memory_rows import Memory as Memory
from runs.memory_rows import MemorySpace as MemorySpace
from tenants.isolation.managers import TenantManager, TenantQuerySet
from tenants.models import ApiKey, Tenant, TenantOwned, User
from tenants.people.access import sees_all, visible_to

STATUSES = [(status.value, status.value.replace("_", " ")) for status in RunStatus]
TERMINAL = tuple(status.value for status in RunStatus if status.terminal)
UNFINISHED = tuple(status.value for status in RunStatus if not status.terminal)


SUMMARY = (
    *("status", "trigger", "created_at", "started_at", "finished_at", "input_preview", "error"),
    *("calls", "input_tokens", "output_tokens", "cost_nano_usd"),
    *("graph__slug", "graph__title", "graph_version__number"),
    *("created_by__username", "created_by__first_name", "created_by__last_name"),
)
"""The columns that a summary shows, by their way from a run."""

R = TypeVar("R", bound="Run")
A = TypeVar("A", bound="Approval")


class RunQuerySet(TenantQuerySet[R]):
    def visible_to(self, user: User) -> Self:
        """Runs of graphs that `user` may look at, deleted graphs included."""
        return self if sees_all(user) else self.filter(graph__in=visible_to(user, Graph.objects.all()))

    def unfinished(self) -> Self:
        return self.exclude(status__in=TERMINAL)

    def due(self) -> Self:
        """What any worker may take up now, longest due first."""
        return self.filter(due_at__lte=Now()).order_by("due_at")

    def for_lists(self) -> Self:
        """What a summary shows, and no more: lists and live feeds read many of them."""
        return self.with_waiting().only(*SUMMARY)

    def with_waiting(self) -> Self:
        """Each with `waiting`, how many of its questions are open, and with the rows that it names."""
        pending = Approval.objects.filter(run=models.OuterRef("pk"), status=Approval.Status.PENDING).order_by()
        count = pending.values("run").annotate(n=models.Count("pk")).values("n")
        rows = self.select_related("graph", "graph_version", "created_by")
        return rows.annotate(waiting=Coalesce(models.Subquery(count), 0))


RunManager = TenantManager.from_queryset(RunQuerySet)


class Run(TenantOwned):
    """One execution of one graph version. The log is its truth; the columns are read from it.

    A worker owns it while `lease_owner` is set; `lease_epoch` grows with each claim and
    fences every write of a former owner.
    """

    class Trigger(models.TextChoices):
        PAGE = "page"
        API = "api"
        SCHEDULE = "schedule"
        RUN = "run"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    graph = models.ForeignKey(Graph, on_delete=models.PROTECT, related_name="+", db_index=False)
    graph_version = models.ForeignKey(GraphVersion, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    trigger = models.CharField(max_length=16, choices=Trigger.choices)
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="children")
    awaited_at = models.TextField(blank=True)
    """Where in the parent's log this run's end is waited for."""
    dedup_key = models.CharField(max_length=255, blank=True)
    """Whoever starts a run again under the same key gets this one."""
    dedup_digest = models.CharField(max_length=64, blank=True)
    """Of what was asked for under the key."""
    status = models.CharField(max_length=16, choices=STATUSES, default=RunStatus.QUEUED.value)

    input = JsonTextField(null=True)
    input_preview = models.CharField(max_length=200, blank=True)
    output = JsonTextField(null=True)
    error = JsonTextField(null=True)

    last_seq = models.PositiveBigIntegerField(default=0)
    lease_owner = models.CharField(max_length=40, blank=True)
    lease_epoch = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, default=None)
    """When any worker may take the run up: at once when it is queued or a command waits for it, when its
    lease runs out, when its timer is due; never by itself when this is empty."""
    crashes = models.PositiveSmallIntegerField(default=0)
    """Workers lost in a row without any progress of the run."""

    calls = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cost_nano_usd = models.PositiveBigIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[RunManager[Self]] = RunManager()

    class Meta(TenantOwned.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "created_by", "dedup_key"], name="run_once", condition=~models.Q(dedup_key="")),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="run_list"),
            models.Index(fields=["tenant", "status", "-created_at", "-id"], name="run_list_status"),
            models.Index(fields=["tenant", "graph", "-created_at", "-id"], name="run_list_graph"),
            models.Index(fields=["due_at"], name="run_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["lease_owner"], name="run_owner", condition=~models.Q(lease_owner="")),
            models.Index(fields=["status"], name="run_at_rest", condition=models.Q(due_at=None, status__in=UNFINISHED)),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"

    def guarding(self) -> Graph:
        return self.graph

    @property
    def terminal(self) -> bool:
        return RunStatus(self.status).terminal


class RunEvent(TenantOwned):
    """One event of a run's log, as the JSON text that was appended. Never changed."""

    id = None  # type: ignore[assignment]  # the run and the number are the key
    pk = models.CompositePrimaryKey("run_id", "seq")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=32)
    at_us = models.BigIntegerField()
    payload = models.TextField()

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class Blob(TenantOwned):
    """A big value, kept once per tenant whatever number of events hold it. `content` is JSON text."""

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    sha256 = models.CharField(max_length=64)
    content = models.TextField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "sha256"], name="blob_content")]

    def __str__(self) -> str:
        return self.sha256


class ApprovalQuerySet(TenantQuerySet[A]):
    def open_for(self, user: User) -> Self:
        """Questions that nobody has answered and `user` may answer."""
        runs = Run.objects.filter(graph__in=visible_to(user, Graph.objects.all(), "answer"))
        rows = self if sees_all(user) else self.filter(run__in=runs)
        answered = Command.objects.filter(run=models.OuterRef("run"), path=models.OuterRef("path"), applied_at__isnull=True)
        pending = rows.filter(status=Approval.Status.PENDING).exclude(deadline__lt=Now())
        return pending.exclude(models.Exists(answered))


ApprovalManager = TenantManager.from_queryset(ApprovalQuerySet)


class Approval(TenantOwned):
    """A question to people: what will be done, and what they decided. Read from the log.

    An answer that was accepted and that the run has not taken yet is a command at the same path.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        DECIDED = "decided"
        VOID = "void"
        """Nobody needs to answer any more: it expired, or what asked has ended."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    path = models.TextField()
    request = JsonTextField()
    digest = models.CharField(max_length=64, blank=True)
    deadline = models.DateTimeField(null=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PENDING)
    action = models.CharField(max_length=64, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    """They may be no more. Whom the log's writer names no constraint holds, or their deletion would be the run's fault."""
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[ApprovalManager[Self]] = ApprovalManager()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="approval_once")]
        indexes = [models.Index(fields=["tenant", "status", "created_at"], name="approval_inbox")]

    def __str__(self) -> str:
        return f"{self.path} {self.status}"


class Command(TenantOwned):
    """What somebody told a run to do; the worker that has the run applies it, in order."""

    class Kind(models.TextChoices):
        PAUSE = "pause"
        RESUME = "resume"
        CANCEL = "cancel"
        ANSWER = "answer"
        TELL = "tell"

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    path = models.TextField(blank=True)
    """Of an answer: which question it is for."""
    body = JsonTextField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["run", "path"], name="answer_once", condition=models.Q(applied_at__isnull=True) & ~models.Q(path="")
            )
        ]
        indexes = [models.Index(fields=["run"], name="command_waiting", condition=models.Q(applied_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.kind} {self.run_id}"


class WorkspaceFile(TenantOwned):
    """One write of a file by a tool of a run; the highest version under a name is the file. `key` names the call that wrote it."""

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="workspace", db_index=False)
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    text = models.TextField()

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["run", "name", "version"], name="workspace_version_once"),
            models.UniqueConstraint(fields=["run", "key"], name="workspace_write_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class ModelUse(TenantOwned):
    """One model call's tokens and money, read from the event `seq` of the run."""

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # small, and in order
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="uses", db_index=False)
    seq = models.PositiveBigIntegerField()
    graph = models.ForeignKey(Graph, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    """Who started the run, and whose these costs stay when that person is no more."""
    agent = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=200)
    day = models.DateField()
    input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cost_nano_usd = models.PositiveBigIntegerField()
    priced = models.BooleanField(default=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="model_use_once")]
        indexes = [models.Index(fields=["tenant", "day"], name="model_use_day")]

    def __str__(self) -> str:
        return f"{self.model} {self.day}"


class RunFile(TenantOwned):
    """A file that a run was given or that came of it: who may see the run may see it, and it stays as long as the run does."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    digest = models.CharField(max_length=64)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["run", "digest"], name="run_file_once")]

    def __str__(self) -> str:
        return f"{self.digest} {self.run_id}"


class Probe(models.Model):
    """Proves that workers consume: sent by a scheduler, marked by the worker that got it."""

    sent_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"{self.sent_at} {self.worker}"


class Pulse(models.Model):
    """Says that a process lives, and of its parts whether they work."""

    class Kind(models.TextChoices):
        WORKER = "worker"
        SCHEDULER = "scheduler"

    process = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    build = models.CharField(max_length=64, blank=True)
    beat_at = models.DateTimeField()
    report = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.process}"
