"""A look inside for superusers: read-only, and behind the same wall as everybody."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants.models import ApiKey, Membership, PolicyVersion, ProviderKey, ServiceIdentity, Tool, ToolGrant


class WalledAdminSite(AdminSite):
    """For superusers who are members of the tenant they look into."""

    site_header = site_title = "Baton"

    def has_permission(self, request: HttpRequest) -> bool:
        membership: Membership | None = getattr(request, "membership", None)
        return (
            super().has_permission(request)
            and request.user.is_superuser
            and membership is not None
            and membership.user_id == request.user.pk
        )

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Everybody comes in by the same throttled page."""
        return redirect("sign_in")


if TYPE_CHECKING:
    AnyModelAdmin = ModelAdmin[Model]
else:
    AnyModelAdmin = ModelAdmin


class ReadOnlyAdmin(AnyModelAdmin):
    """Rows are changed by actions only, never here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "user", "label", "created_at", "last_used_at", "revoked_at")
    exclude = ("digest",)


class ProviderKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "mask", "updated_at")
    exclude = ("ciphertext",)


site = WalledAdminSite(name="admin")
site.register([Membership, PolicyVersion, ServiceIdentity, Tool, ToolGrant], ReadOnlyAdmin)
site.register(ApiKey, ApiKeyAdmin)
site.register(ProviderKey, ProviderKeyAdmin)
