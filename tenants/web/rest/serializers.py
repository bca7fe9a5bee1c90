"""Rows of this room as JSON."""

from typing import get_args

from rest_framework import serializers

from orchestrator.capabilities.tools.terms import MOST_RETRIES
from orchestrator.engine.effects.tool import Safety
from tenants.models import ApiKey, Invitation, Membership, PolicyVersion, ProviderKey
from tenants.people.invitations import LONGEST_WHO
from tenants.policy.identities import GrantState
from tenants.policy.text import MAX_BYTES
from tenants.policy.tools import LEAST_TIMEOUT_S, MOST_PER_MINUTE
from tenants.roles import MemberRole
from tenants.vault.provider_keys import LONGEST, VALUE

LONGEST_LABEL = 80
BLANKS = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What is stripped. Spelled out, because `\\s` is not the same to every reader of patterns."""
NOT_BLANK = f"[^{BLANKS}]"
MOST = 2**31 - 1
"""Of numbers that people send."""


class PageOut(serializers.Serializer[object]):
    """What every list has beside its rows."""

    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null on the last one")


class TermsOut(serializers.Serializer[object]):
    timeout_s = serializers.FloatField(help_text="Seconds of one try")
    retries = serializers.IntegerField(help_text="Times that a call which failed is made again")
    per_minute = serializers.IntegerField(allow_null=True, help_text="Calls in a minute; null: as many as are asked for")


class LoweredOut(serializers.Serializer[object]):
    """What the workspace allows the tool less than the tool allows itself; null where it says nothing."""

    timeout_s = serializers.FloatField(allow_null=True)
    retries = serializers.IntegerField(allow_null=True)
    per_minute = serializers.IntegerField(allow_null=True)


class LoweredIn(serializers.Serializer[object]):
    timeout_s = serializers.FloatField(allow_null=True, min_value=LEAST_TIMEOUT_S, help_text="Never more than the tool's own")
    retries = serializers.IntegerField(allow_null=True, min_value=0, max_value=MOST_RETRIES)
    per_minute = serializers.IntegerField(allow_null=True, min_value=1, max_value=MOST_PER_MINUTE)


class ToolOut(serializers.Serializer[object]):
    """A tool's card. `own_terms` are the tool's, `terms` those of this workspace; null where no process knows the tool any more."""

    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    parameters = serializers.DictField()
    safety = serializers.ChoiceField(choices=[each.value for each in Safety])
    timeout_s = serializers.FloatField()
    family = serializers.CharField()
    enabled = serializers.BooleanField()
    example = serializers.CharField(help_text="What a call looks like")
    touches = serializers.CharField(help_text="What it may read and change")
    if_cut_off = serializers.CharField(help_text="What its safety means for a call that was cut off")
    price_usd = serializers.FloatField(help_text="Of each call that is answered")
    own_terms = TermsOut(allow_null=True)
    terms = TermsOut(allow_null=True)


class ToolsOut(PageOut):
    tools = ToolOut(many=True)


class ToolIn(serializers.Serializer[object]):
    enabled = serializers.BooleanField(help_text="For everybody, runs in flight included")


class RightOut(serializers.Serializer[object]):
    name = serializers.CharField(help_text="Of the tool")
    state = serializers.ChoiceField(choices=get_args(GrantState))


class AgentRightsOut(serializers.Serializer[object]):
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="Under which an agent or a graph acts")
    tools = RightOut(many=True)


class RightsOut(PageOut):
    rights = AgentRightsOut(many=True)


class MemberOut(serializers.ModelSerializer[Membership]):
    user = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")

    class Meta:
        model = Membership
        fields = ("id", "user", "name", "role", "created_at")


class MembersOut(PageOut):
    members = MemberOut(many=True)


class MemberIn(serializers.Serializer[object]):
    role = serializers.ChoiceField(choices=MemberRole.choices)


class ApiKeyOut(serializers.ModelSerializer[ApiKey]):
    user = serializers.CharField(source="user.username")

    class Meta:
        model = ApiKey
        fields = ("id", "label", "prefix", "user", "created_at", "last_used_at", "expires_at", "made_with")


class ApiKeysOut(PageOut):
    keys = ApiKeyOut(many=True)


class NewApiKeyOut(ApiKeyOut):
    key = serializers.CharField(help_text="Shown this once")

    class Meta:
        model = ApiKey
        fields = (*ApiKeyOut.Meta.fields, "key")


class ApiKeyIn(serializers.Serializer[object]):
    label = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_LABEL)  # type: ignore[assignment]
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone. None: until it is revoked")


class InvitationOut(serializers.ModelSerializer[Invitation]):
    by = serializers.CharField(source="created_by.username")

    class Meta:
        model = Invitation
        fields = ("id", "who", "role", "by", "created_at", "expires_at")


class InvitationsOut(PageOut):
    invitations = InvitationOut(many=True)


class NewInvitationOut(InvitationOut):
    link = serializers.CharField(help_text="To hand over to the person. Shown this once")

    class Meta:
        model = Invitation
        fields = (*InvitationOut.Meta.fields, "link")


class InvitationIn(serializers.Serializer[object]):
    who = serializers.RegexField(NOT_BLANK, max_length=LONGEST_WHO, help_text="For your own list; it names no account")
    role = serializers.ChoiceField(choices=MemberRole.choices)


class ProviderKeyOut(serializers.ModelSerializer[ProviderKey]):
    class Meta:
        model = ProviderKey
        fields = ("name", "mask", "updated_at")


class ProviderKeysOut(PageOut):
    providers = ProviderKeyOut(many=True)


class ProviderKeyIn(serializers.Serializer[object]):
    value = serializers.RegexField(rf"^[{BLANKS}]*{VALUE.pattern}[{BLANKS}]*$", write_only=True, max_length=LONGEST)


class PolicyOut(serializers.Serializer[object]):
    version = serializers.IntegerField()
    yaml = serializers.CharField()


class PolicyIn(serializers.Serializer[object]):
    version = serializers.IntegerField(min_value=0, max_value=MOST, help_text="The one it is saved on top of; 0 before the first")
    yaml = serializers.CharField(allow_blank=True, max_length=MAX_BYTES)


class PolicyVersionOut(serializers.ModelSerializer[PolicyVersion]):
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)
    diff = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = PolicyVersion
        fields = ("number", "yaml", "created_at", "created_by", "diff")


class PolicyVersionsOut(PageOut):
    versions = PolicyVersionOut(many=True)
