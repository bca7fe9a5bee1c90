"""What people draw and keep: graphs, their versions, and the agents of the library."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Max, Q
from guardian.models import UserObjectPermissionBase

from tenants.isolation.managers import TenantManager, TenantQuerySet
from tenants.models import TenantOwned, User
from tenants.people.access import visible_to
from tenants.problems import Conflict
from tenants.roles import object_permissions


class VersionImmutable(Conflict):
    """A version of a graph is never changed."""

    code = "version_immutable"
    cure = "Edit the draft and publish a new version."


class GraphQuerySet(TenantQuerySet["Graph"]):
    def kept(self) -> Self:
        """Those that were not deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: User) -> Self:
        """Those that were not deleted and that `user` may look at."""
        return visible_to(user, self.kept())

    def with_latest_version(self) -> Self:
        """Each with `latest_version`, the highest number of its versions, or None."""
        return self.annotate(latest_version=Max("versions__number"))


GraphManager = TenantManager.from_queryset(GraphQuerySet)


class Graph(TenantOwned):
    """A graph being drawn. `revision` grows with every save of the draft."""

    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    document = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    problem_count = models.PositiveIntegerField(default=0)
    files = models.JSONField(default=dict, blank=True, help_text="Hash of the content by name")
    example_input = models.JSONField(null=True, blank=True, help_text="To try the graph with")
    restricted = models.BooleanField(default=False, help_text="Only managers and people with a permission of their own")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now_add=True)
    updated_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[GraphManager[Self]] = GraphManager()

    class Meta(TenantOwned.Meta):
        ordering = ["-updated_at"]
        default_permissions = ("view",)
        permissions = object_permissions("graph")
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], condition=Q(deleted_at=None), name="graph_slug_once")]

    def __str__(self) -> str:
        return self.title

    def is_restricted(self) -> bool:
        return self.restricted


class FileContent(TenantOwned):
    """The content of files that graphs bring along and that people give to runs, once for each tenant."""

    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    kind = models.CharField(max_length=8, blank=True, editable=False, help_text="Of one given to runs: what it is taken for")
    media_type = models.CharField(max_length=127, blank=True, editable=False, help_text="Read from the content")
    uploaded_at = models.DateTimeField(null=True, editable=False, help_text="When it was last given to runs")
    unused_since = models.DateTimeField(null=True, editable=False, help_text="When nothing was found to refer to it any more")

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="file_content_once")]
        indexes = [models.Index(fields=["tenant", "kind", "uploaded_at"], name="file_content_sent", condition=~Q(kind=""))]

    def __str__(self) -> str:
        return self.digest


class GraphUserObjectPermission(UserObjectPermissionBase):
    """Who may do what with which graph, beyond their role."""

    content_object = models.ForeignKey(Graph, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class GraphVersion(TenantOwned):
    """A graph as it runs: never changed, with the agents of the library written out.

    `source` is the draft it was made from; `identities` says under which service
    identity each agent of `document` acts. A draft that is run becomes a version
    without a number.
    """

    graph = models.ForeignKey(Graph, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(null=True)
    is_draft = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(help_text="Of the draft it was made from")
    source = models.JSONField()
    document = models.JSONField()
    identities = models.JSONField(default=dict)
    files = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["graph", "digest"])]
        constraints = [
            models.UniqueConstraint(fields=["graph", "number"], name="graph_version_once"),
            models.CheckConstraint(
                condition=Q(is_draft=True, number=None) | Q(is_draft=False, number__isnull=False), name="graph_version_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.graph} draft {self.revision}" if self.is_draft else f"{self.graph} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VersionImmutable()
        super().save(*args, **kwargs)

    def guarding(self) -> Graph:
        return self.graph


class LibraryAgentQuerySet(TenantQuerySet["LibraryAgent"]):
    def visible_to(self, user: User) -> Self:
        return visible_to(user, self)


LibraryAgentManager = TenantManager.from_queryset(LibraryAgentQuerySet)


class LibraryAgent(TenantOwned):
    """An agent that several graphs share. `document` is the engine's Agent."""

    slug = models.SlugField(max_length=60)
    document = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now_add=True)
    updated_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects: ClassVar[LibraryAgentManager[Self]] = LibraryAgentManager()

    class Meta(TenantOwned.Meta):
        ordering = ["slug"]
        default_permissions = ("view",)
        permissions = object_permissions("libraryagent")
        constraints = [models.UniqueConstraint(fields=["tenant", "slug"], name="library_agent_once")]

    def __str__(self) -> str:
        return self.slug


class LibraryAgentUserObjectPermission(UserObjectPermissionBase):
    """Who may do what with which agent of the library, beyond their role."""

    content_object = models.ForeignKey(LibraryAgent, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False
