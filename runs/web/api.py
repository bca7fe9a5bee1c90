"""The REST API of this room: runs, their logs, commands, approvals, costs, models."""

from typing import ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from editor.lookup import graph_to_run
from editor.versions.frozen import frozen
from orchestrator.capabilities.language_models.catalog import catalog
from orchestrator.engine.log.status import RunStatus
from runs.control.answers import answer
from runs.control.approvals import approval_row, left_to_others, open_approvals
from runs.control.commands import send_command
from runs.control.messages import LONGEST, say_to_agent
from runs.control.principal import Principal
from runs.control.start import start_run
from runs.live.summaries import summary_of
from runs.log.run_log import holds_blob, read_after
from runs.models import Blob, Command, Run
from runs.web.costs import GROUPINGS, NARROWING, costs
from runs.web.csv_export import table_csv
from runs.web.lookup import run_for, runs_for
from runs.web.serializers import (
    COMMANDS,
    LONGEST_TEXT,
    ApprovalsOut,
    CommandIn,
    CommandOut,
    CostsOut,
    EventsOut,
    MessageIn,
    ModelsOut,
    RunOut,
    RunsOut,
    RunSummaryOut,
    StartIn,
)
from tenants.models import ApiKey, User
from tenants.people.access import may
from tenants.problems import InvalidValue, NotFound
from tenants.roles import Action
from tenants.vault.model_keys import keys_of_tenant
from tenants.web.api_view import MemberApiView, body_of, number_field, text_field
from tenants.web.filters import ChoiceFilter, DayFilter, IdFilter, NumberFilter, TextFilter, slug_filter
from tenants.web.paging import NEWEST_FIRST, OLDEST_FIRST, PAGING

EVENTS = 5000
MOST_SEQ = 10**15 - 1
LONGEST_KEY = 200
"""Of what costs are grouped by."""
DEDUP = "Idempotency-Key"
DEDUP_PARAMETER = OpenApiParameter(
    DEDUP, {"type": "string", "maxLength": 255}, location="header", description="Printable ASCII. The same key starts the same run once."
)
RIGHTS: tuple[Action, ...] = ("cancel", "answer")


class GraphRunsView(MemberApiView):
    @extend_schema(
        request=StartIn,
        parameters=[DEDUP_PARAMETER],
        responses={201: RunSummaryOut, 200: RunSummaryOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        data = body_of(request, optional=frozenset({"input", "version", "draft"}))
        version, draft = data.get("version"), data.get("draft", False)
        if version is not None:
            version = number_field(data, "version", least=1)
        if not isinstance(draft, bool):
            raise InvalidValue("`draft` must be true or false.")
        key = dedup_key_of(request)
        started = start_run(
            graph=graph_to_run(self.user, slug),
            principal=principal_of(request, self.user),
            run_input=data.get("input"),
            version=version,
            draft=draft,
            dedup_key=key,
        )
        if started.new:
            started.run.waiting = 0  # type: ignore[attr-defined]
            return Response(summary_of(started.run), status=201)
        return Response(summary_of(run_for(self.user, started.run.pk)), status=200, headers={"Idempotency-Replayed": "true"})


def principal_of(request: Request, user: User) -> Principal:
    key: ApiKey | None = getattr(request._request, "api_key", None)
    return Principal(Run.Trigger.PAGE if key is None else Run.Trigger.API, user, key=key)


def dedup_key_of(request: Request) -> str:
    """The `Idempotency-Key` of a request, empty without one."""
    key = request.headers.get(DEDUP, "")
    if len(key) > 255 or not key.isascii() or not (key.isprintable() or not key):
        raise InvalidValue(f"`{DEDUP}` must be at most 255 printable ASCII characters.", cure="Use a UUID.")
    return key


class RunsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (
        slug_filter("graph", "Runs of this graph."),
        ChoiceFilter("status", "Runs that stand like this.", choices=[*RunStatus]),
        *PAGING,
    )

    @extend_schema(operation_id="runs_list", responses=RunsOut)
    def get(self, request: Request) -> Response:
        page, following = self.page(runs_for(self.user, graph=self.asked("graph"), status=self.asked("status")), NEWEST_FIRST)
        return Response({"runs": [summary_of(run) for run in page], "next": following})


class RunView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(responses=RunOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        run = run_for(self.user, run_id)
        rights = {action: may(self.user, action, run) for action in RIGHTS}
        more = {"input": run.input, "output": run.output, "last_seq": run.last_seq, "document": frozen(run.graph_version_id).document}
        parent = Run.objects.visible_to(self.user).filter(children=run).values_list("pk", flat=True).first()
        return Response({**summary_of(run), **more, "parent_run": parent, "may": rights, "left_to_others": left_to_others(self.user, run)})


class RunEventsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (
        NumberFilter("after", "Events after this number.", least=0, most=MOST_SEQ, default=0),
        NumberFilter("limit", "At most so many events.", least=1, most=EVENTS, default=EVENTS),
    )

    @extend_schema(responses=EventsOut)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        run = run_for(self.user, run_id)
        after, limit = self.number("after"), self.number("limit")
        rows = read_after(run.pk, after, limit)
        texts = ",".join(text for _, text in rows)
        last = rows[-1][0] if rows else after
        more = "true" if rows and last < run.last_seq else "false"
        return HttpResponse(f'{{"events":[{texts}],"last_seq":{last},"more":{more}}}', content_type="application/json")


class RunBlobView(MemberApiView):
    """A big value that an event of this run holds."""

    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(responses=OpenApiTypes.ANY)
    def get(self, request: Request, run_id: UUID, sha256: str) -> HttpResponse:
        run = run_for(self.user, run_id)
        blob = Blob.objects.filter(tenant=run.tenant_id, sha256=sha256).first()
        if blob is None or not holds_blob(run, sha256):
            raise NotFound()
        return HttpResponse(blob.content, content_type="application/json", headers={"Cache-Control": "private, max-age=86400, immutable"})


class TableAsked(JSONRenderer):
    """Lets whoever wants `text/csv` alone in; a refusal is JSON for them too."""

    media_type = "text/csv"
    format = "csv"


class RunTableView(MemberApiView):
    renderer_classes = (JSONRenderer, TableAsked)
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (TextFilter("path", "Of a list in the output, as `a.b`; without it the output itself.", longest=1000),)

    @extend_schema(operation_id="runs_table_retrieve", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        run = run_for(self.user, run_id)
        text = table_csv(run.output, self.asked("path"))
        headers = {"Content-Disposition": f'attachment; filename="run-{run.pk}.csv"'}
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


class RunCommandsView(MemberApiView):
    @extend_schema(request=CommandIn, responses={202: CommandOut})
    def post(self, request: Request, run_id: UUID) -> Response:
        optional = frozenset({"path", "action", "value", "comment", "digest"})
        data = body_of(request, required=frozenset({"type"}), optional=optional)
        run = run_for(self.user, run_id)
        kind = data["type"]
        if kind not in COMMANDS:
            raise InvalidValue(f"There is no command {str(kind)[:40]!r}.", cure=f"Use one of: {', '.join(COMMANDS)}.")
        texts = {name: text_field(data, name, longest=LONGEST_TEXT) for name in ("path", "action", "comment", "digest")}
        if kind == Command.Kind.ANSWER:
            command = answer(run=run, by=self.user, value=data.get("value"), **texts)
        else:
            command = send_command(run=run, by=self.user, kind=Command.Kind(kind), comment=texts["comment"])
        return Response({"id": command.pk}, status=202)


class RunMessagesView(MemberApiView):
    @extend_schema(request=MessageIn, responses={202: CommandOut})
    def post(self, request: Request, run_id: UUID) -> Response:
        run = run_for(self.user, run_id)
        data = body_of(request, required=frozenset({"to", "text"}))
        to, text = text_field(data, "to", longest=LONGEST_TEXT), text_field(data, "text", longest=LONGEST)
        command = say_to_agent(run=run, by=self.user, to=to, text=text)
        return Response({"id": command.pk}, status=202)


class ApprovalsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="approvals_list", responses=ApprovalsOut)
    def get(self, request: Request) -> Response:
        page, following = self.page(open_approvals(self.user), OLDEST_FIRST)
        return Response({"approvals": [approval_row(self.user, asked) for asked in page], "next": following})


class CostsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = (
        ChoiceFilter("by", "What a row stands for.", choices=[*GROUPINGS]),
        DayFilter("from", "The first day, in UTC."),
        DayFilter("to", "The last day, in UTC."),
        slug_filter("graph", "Of this graph."),
        TextFilter("agent", "Of the agent with this key.", longest=LONGEST_KEY),
        TextFilter("model", "Of this model.", longest=LONGEST_KEY),
        IdFilter("user", "Of the person with this key."),
        *PAGING,
    )

    @extend_schema(operation_id="costs_list", responses=CostsOut)
    def get(self, request: Request) -> Response:
        only = {name: self.asked(name) for name in NARROWING}
        by, since, until = self.asked("by") or "graph", self.asked("from"), self.asked("to")
        found = costs(self.user, by=by, since=since, until=until, only=only)
        page, following = self.page_of(found["rows"], lambda row: str(row["key"]))
        return Response({**found, "rows": page, "next": following})


class ModelsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters = PAGING

    @extend_schema(operation_id="models_list", responses=ModelsOut)
    def get(self, request: Request) -> Response:
        page, following = self.page_of(catalog(keys_of_tenant()), lambda row: row.name)
        return Response({"models": [row.model_dump() for row in page], "next": following})
