"""Rows of this room as JSON."""

from rest_framework import serializers

from tenants.models import ApiKey, PolicyVersion, ProviderKey, Tool


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
        fields = ("id", "label", "prefix", "user", "created_at", "last_used_at")


class ApiKeysOut(serializers.Serializer[object]):
    keys = ApiKeyOut(many=True)


class NewApiKeyOut(ApiKeyOut):
    key = serializers.CharField(help_text="Shown this once")

    class Meta:
        model = ApiKey
        fields = (*ApiKeyOut.Meta.fields, "key")


class ApiKeyIn(serializers.Serializer[object]):
    label = serializers.CharField(required=False, max_length=80)  # type: ignore[assignment]


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
