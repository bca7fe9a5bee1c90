"""Bodies and answers of this room's API, for its description in OpenAPI."""

from rest_framework import serializers

from orchestrator.engine.document.files.modality import Modality
from orchestrator.engine.document.graph import Graph
from orchestrator.engine.log.events import RunEvent
from orchestrator.engine.log.status import RunStatus
from runs.control.messages import LONGEST
from runs.models import Command
from tenants.web.rest.model_field import ModelField
from tenants.web.rest.serializers import MOST, NOT_BLANK, PageOut

LONGEST_TEXT = 2000
COMMANDS = tuple(kind for kind in Command.Kind if kind is not Command.Kind.TELL)
"""What is said to an agent has an address of its own."""


class UsageOut(serializers.Serializer[object]):
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_nano_usd = serializers.IntegerField()


class RunGraphOut(serializers.Serializer[object]):
    slug = serializers.CharField()
    title = serializers.CharField()


class RunErrorOut(serializers.Serializer[object]):
    """Why the run did not succeed. How it failed may be told in further fields."""

    code = serializers.CharField()
    message = serializers.CharField()
    cure = serializers.CharField(required=False)


class RunSummaryOut(serializers.Serializer[object]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[*RunStatus])
    graph = RunGraphOut()
    version = serializers.IntegerField(allow_null=True)
    trigger = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    input_preview = serializers.CharField()
    usage = UsageOut()
    user = serializers.CharField()
    waiting = serializers.IntegerField()
    error = RunErrorOut(allow_null=True)


class RunsOut(PageOut):
    runs = RunSummaryOut(many=True)


class RunOut(RunSummaryOut):
    input = serializers.JSONField()
    output = serializers.JSONField()
    last_seq = serializers.IntegerField()
    parent_run = serializers.UUIDField(allow_null=True, help_text="The run that started it, if you may see that one.")
    document = ModelField(Graph)
    may = serializers.DictField(child=serializers.BooleanField())
    left_to_others = serializers.ListField(child=serializers.CharField(), help_text="Tools whose calls in this run you may not approve.")


class StartIn(serializers.Serializer[object]):
    input = serializers.JSONField(required=False)
    version = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST, help_text="Null: the latest")
    draft = serializers.BooleanField(required=False, help_text="Run the draft as it stands")


class CommandIn(serializers.Serializer[object]):
    type = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in COMMANDS])
    path = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    action = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    value = serializers.JSONField(required=False)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_TEXT)
    digest = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_TEXT, help_text="Of an answer, where it is required: the question's digest."
    )


class MessageIn(serializers.Serializer[object]):
    to = serializers.CharField(
        allow_blank=True, max_length=LONGEST_TEXT, help_text="The path of the step's first attempt, such as `help#1`"
    )
    text = serializers.RegexField(NOT_BLANK, max_length=LONGEST, help_text="What its agent reads before its next model call")


class CommandOut(serializers.Serializer[object]):
    id = serializers.IntegerField()


class EventsOut(serializers.Serializer[object]):
    events = serializers.ListField(
        child=ModelField(RunEvent, name="RunEvent"), help_text="In the present form; what a later build wrote comes as it is"
    )
    last_seq = serializers.IntegerField()
    more = serializers.BooleanField()


class FileWordsOut(serializers.Serializer[object]):
    text = serializers.CharField(allow_blank=True, help_text="How the document begins")
    cut = serializers.BooleanField()
    why_not = serializers.CharField(allow_blank=True, help_text="Why there is no text; empty where there is")


class ApprovalOut(serializers.Serializer[object]):
    run = serializers.UUIDField()
    path = serializers.CharField()
    graph = RunGraphOut()
    title = serializers.CharField()
    message = serializers.CharField()
    request = serializers.JSONField()
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()
    deadline = serializers.DateTimeField(allow_null=True)
    may = serializers.DictField(child=serializers.BooleanField())
    why_not = serializers.CharField(help_text="Why you must leave the decision to somebody else; empty where you need not.")


class ApprovalsOut(PageOut):
    approvals = ApprovalOut(many=True)


class CostRowOut(serializers.Serializer[object]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField()
    output_tokens = serializers.IntegerField()
    cost_nano_usd = serializers.IntegerField()


class CostsOut(PageOut):
    """The dearest rows, and the total of all."""

    rows = CostRowOut(many=True)
    total = UsageOut()


class ModelOut(serializers.Serializer[object]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    provider = serializers.CharField()
    demo = serializers.BooleanField()
    available = serializers.BooleanField()
    input_price = serializers.FloatField(allow_null=True, help_text="Dollars per million tokens; null when unknown")
    output_price = serializers.FloatField(allow_null=True)
    takes = serializers.ListField(
        child=serializers.ChoiceField(choices=[*Modality]), allow_null=True, help_text="Kinds of files; null when that is not known"
    )


class ModelsOut(PageOut):
    models = ModelOut(many=True)
