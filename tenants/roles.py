"""The roles of members and what each may do in the whole workspace."""

from typing import Literal

from django.db import models

Action = Literal["view", "run", "answer", "cancel", "edit", "publish", "manage"]
"""`manage`: policy, provider keys, tool rights, members, everybody's API keys."""

ACTIONS: tuple[Action, ...] = ("view", "run", "answer", "cancel", "edit", "publish", "manage")


class MemberRole(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    EDITOR = "editor", "Editor"
    ADMIN = "admin", "Admin"
    OWNER = "owner", "Owner"


_OPERATES: frozenset[Action] = frozenset({"view", "run", "answer", "cancel"})
_EDITS: frozenset[Action] = _OPERATES | {"edit", "publish"}
_MANAGES: frozenset[Action] = _EDITS | {"manage"}

ROLE_ACTIONS: dict[MemberRole, frozenset[Action]] = {
    MemberRole.VIEWER: frozenset({"view"}),
    MemberRole.OPERATOR: _OPERATES,
    MemberRole.EDITOR: _EDITS,
    MemberRole.ADMIN: _MANAGES,
    MemberRole.OWNER: _MANAGES,
}

ROLE_ORDER: tuple[MemberRole, ...] = tuple(MemberRole)
"""From least to most."""

OBJECT_PERMISSIONS: tuple[Action, ...] = ("run", "answer", "cancel", "edit", "publish")

SHARED_ACTIONS: tuple[Action, ...] = ("view", *OBJECT_PERMISSIONS)
"""What can be given to a person on one object, beyond their role."""


def object_permissions(model: str) -> tuple[tuple[str, str], ...]:
    """The permissions of one kind of object, beside Django's own `view`: `run_graph` and so on."""
    return tuple((f"{action}_{model}", f"Can {action} {model}") for action in OBJECT_PERMISSIONS)
