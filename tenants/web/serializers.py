"""Rows of this room as JSON."""

from rest_framework import serializers

from tenants.models import ApiKey, Invitation, PolicyVersion, ProviderKey, Tool
from tenants.people.invitations import LONGEST_WHO
from tenants.roles import MemberRole


class ToolOut(serializers.ModelSerializer[Tool]):
    class Meta:
        model = Tool
        fields = ("name", "title", "description", "parameters", "safety", "timeout_s", "enabled")


class ToolsOut(serializers.Serializer[object]):
    tools = ToolOut(many=True)


class ApiKeyOut(serializers.ModelSerializer[ApiKey]):
    user = serializers.CharField(source="user.username")

    class Meta:
        model = ApiKey
        fields = ("id", "label", "prefix", "user", "created_at", "last_used_at", "expires_at", "made_with")


class ApiKeysOut(serializers.Serializer[object]):
    keys = ApiKeyOut(many=True)


class NewApiKeyOut(ApiKeyOut):
    key = serializers.CharField(help_text="Shown this once")

    class Meta:
        model = ApiKey
        fields = (*ApiKeyOut.Meta.fields, "key")


class ApiKeyIn(serializers.Serializer[object]):
    label = serializers.CharField(required=False, max_length=80)  # type: ignore[assignment]
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone. None: until it is revoked")


class InvitationOut(serializers.ModelSerializer[Invitation]):
    by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Invitation
        fields = ("id", "who", "role", "by", "created_at", "expires_at")


class InvitationsOut(serializers.Serializer[object]):
    invitations = InvitationOut(many=True)


class NewInvitationOut(InvitationOut):
    link = serializers.CharField(help_text="To hand over to the person. Shown this once")

    class Meta:
        model = Invitation
        fields = (*InvitationOut.Meta.fields, "link")


class InvitationIn(serializers.Serializer[object]):
    who = serializers.CharField(max_length=LONGEST_WHO, help_text="For your own list; it names no account")
    role = serializers.ChoiceField(choices=MemberRole.choices)


class ProviderKeyOut(serializers.ModelSerializer[ProviderKey]):
    class Meta:
        model = ProviderKey
        fields = ("name", "mask", "updated_at")


class ProviderKeysOut(serializers.Serializer[object]):
    providers = ProviderKeyOut(many=True)


class ProviderKeyIn(serializers.Serializer[object]):
    value = serializers.CharField(write_only=True, max_length=4096)


class PolicyOut(serializers.Serializer[object]):
    version = serializers.IntegerField()
    yaml = serializers.CharField()


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    created_by = serializers.CharField(source="created_by.username", default=None)
    diff = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = PolicyVersion
        fields = ("number", "yaml", "created_at", "created_by", "diff")


class PolicyVersionsOut(serializers.Serializer[object]):
    versions = PolicyVersionOut(many=True)
