"""Who there is: people, tenants, and everything a tenant owns in this room."""

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from guardian.models import UserObjectPermissionBase

from tenants.isolation.managers import TenantManager, check_owner
from tenants.roles import MemberRole


class User(AbstractUser):
    """A person, or the identity of a service. Services never sign in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    is_service = models.BooleanField(default=False)

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username


class Tenant(models.Model):
    """A workspace. Nothing in it is visible from another one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class TenantOwned(models.Model):
    """Base of every row that belongs to a tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, editable=False, related_name="+")

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        check_owner(self)
        super().save(*args, **kwargs)

    def guarding(self) -> "TenantOwned":
        """The object whose permissions decide about this one: itself, or what it belongs to."""
        return self

    def is_restricted(self) -> bool:
        """Whether only managers and people with a permission of their own may touch it."""
        return False


class Membership(TenantOwned):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=MemberRole, default=MemberRole.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class ApiKey(TenantOwned):
    """A key of one person in one tenant. Only its hash is kept; the secret has 256 random bits."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    made_with = models.ForeignKey("self", on_delete=models.CASCADE, null=True, editable=False, related_name="+")
    """The key that a program made this one with. It ends no later than that one."""

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SignInLink(TenantOwned):
    """Signs one person in once. Only the hash of its token is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Sign-in link of {self.user}"


class Invitation(TenantOwned):
    """Makes whoever accepts it a member, once. Only the hash of its token is kept.

    `who` is what the inviter calls the person; it names no account.
    """

    who = models.CharField(max_length=120)
    role = models.CharField(max_length=16, choices=MemberRole)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    made_with = models.ForeignKey(ApiKey, on_delete=models.CASCADE, null=True, editable=False, related_name="+")
    """The key that a program made it with. It can be accepted as long as that one holds."""
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    """When it was accepted, taken back, or replaced after it had expired."""
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["tenant", "who"], condition=models.Q(closed_at=None), name="invitation_open_once")]

    def __str__(self) -> str:
        return f"Invitation of {self.who} as {self.role}"


class SignInThrottle(models.Model):
    """Failed sign-ins of one account from one address, or of one address, in a time window."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failures} failures"


class PolicyVersion(TenantOwned):
    """One version of the tenant's policy, as written and as understood. Never changed."""

    number = models.PositiveIntegerField()
    yaml = models.TextField()
    rules = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="policy_version_once")]

    def __str__(self) -> str:
        return f"Policy {self.number}"


class DataKey(TenantOwned):
    """The key that encrypts a tenant's secrets, itself encrypted by the master key."""

    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="data_key_once")]

    def __str__(self) -> str:
        return f"Data key of {self.tenant_id}"


class ProviderKey(TenantOwned):
    """A model provider's key, encrypted. The value is never shown again."""

    name = models.CharField(max_length=40)
    ciphertext = models.BinaryField()
    mask = models.CharField(max_length=24)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="provider_key_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.mask}"


class Tool(TenantOwned):
    """A tool as this tenant has it. `definition_hash` covers name, description, parameters and safety."""

    name = models.CharField(max_length=64)
    title = models.CharField(max_length=120, blank=True)
    description = models.TextField()
    parameters = models.JSONField()
    safety = models.CharField(max_length=16)
    timeout_s = models.FloatField(default=30.0)
    family = models.CharField(max_length=64, blank=True)
    price_nano_usd = models.PositiveBigIntegerField(default=0)
    own_timeout_s = models.FloatField(null=True)
    own_retries = models.PositiveSmallIntegerField(null=True)
    own_per_minute = models.PositiveIntegerField(null=True)
    """What this tenant allows less than the tool does; null where it says nothing."""
    definition_hash = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    withheld = models.BooleanField(default=False, editable=False)
    """It was taken from an identity that is no more, so only managers give it."""

    class Meta(TenantOwned.Meta):
        ordering = ["name"]
        default_permissions = ("view",)
        permissions = [("use_tool", "Can use tool")]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="tool_once")]

    def __str__(self) -> str:
        return self.name


class ToolUserObjectPermission(UserObjectPermissionBase):
    """Who may use which tool."""

    content_object = models.ForeignKey(Tool, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class ServiceIdentity(TenantOwned):
    """Under which name an agent or a graph acts, and the user that holds its permissions.

    Names: `billing` for a library agent, `triage.billing` for an agent drawn in graph
    `triage`, `graph:triage` for what people drew in the graph itself.
    """

    name = models.CharField(max_length=160)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="service_identity_once")]

    def __str__(self) -> str:
        return self.name


class ToolGrant(TenantOwned):
    """That an identity was once given a tool, whether an administrator took it away, or that it waits for one to give it.

    With a row here the tool is never given again by itself; the effective right is the
    guardian permission.
    """

    identity = models.ForeignKey(ServiceIdentity, on_delete=models.CASCADE, related_name="grants")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    waits = models.BooleanField(default=False)
    """It is on the identity's list, and whoever put it there could not give it."""
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["identity", "tool"], name="tool_grant_once")]

    def __str__(self) -> str:
        return f"{self.identity} → {self.tool}"
