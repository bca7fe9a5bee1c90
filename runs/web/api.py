"""The REST API of this room: runs, their logs, commands, approvals, costs, models."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from editor.lookup import graph_to_run
from editor.versions.frozen import frozen
from orchestrator.capabilities.language_models.catalog import catalog
from orchestrator.engine.document.problems import GraphInvalid
from runs.control.answers import answer
from runs.control.approvals import approval_row, open_approvals
from runs.control.commands import send_command
from runs.control.principal import Principal
from runs.control.start import start_run
from runs.live.summaries import summary_of
from runs.log.run_log import holds_blob, read_after
from runs.models import Blob, Command, Run
from runs.web.costs import NARROWING, costs
from runs.web.csv_export import table_csv
from runs.web.lookup import run_for, runs_for
from runs.web.paging import newest_first, oldest_first
from runs.web.serializers import ApprovalsOut, CommandIn, CommandOut, CostsOut, EventsOut, RunOut, RunsOut, RunSummaryOut, StartIn
from tenants.models import ApiKey, User
from tenants.people.access import may
from tenants.problems import InvalidValue, NotFound
from tenants.roles import Action
from tenants.vault.model_keys import keys_of_tenant
from tenants.web.api_view import MemberApiView, body_of, text_field

EVENTS = 5000
DEDUP = "Idempotency-Key"
RIGHTS: tuple[Action, ...] = ("cancel", "answer")


class GraphRunsView(MemberApiView):
    @extend_schema(
        request=StartIn,
        parameters=[OpenApiParameter(DEDUP, location="header", description="The same key starts the same run once.")],
        responses={201: RunSummaryOut, 200: RunSummaryOut},
    )
    def post(self, request: Request, slug: str) -> Response:
        data = body_of(request, optional=frozenset({"input", "version", "draft"}))
        version, draft = data.get("version"), data.get("draft", False)
        if isinstance(version, bool) or not isinstance(version, int | None) or not isinstance(draft, bool):
            raise InvalidValue("`version` must be a number or null, `draft` true or false.")
        key = dedup_key_of(request)
        try:
            started = start_run(
                graph=graph_to_run(self.user, slug),
                principal=principal_of(request, self.user),
                run_input=data.get("input"),
                version=version,
                draft=draft,
                dedup_key=key,
            )
        except GraphInvalid as error:
            raise invalid_graph(error) from error
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


def invalid_graph(error: GraphInvalid) -> InvalidValue:
    problem = InvalidValue(str(error), cure="Mend every problem listed, then run again.")
    problem.code = "invalid_graph"
    problem.details = {"problems": [found.model_dump(mode="json") for found in error.problems]}
    return problem


class RunsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters: ClassVar[frozenset[str]] = frozenset({"graph", "status", "after"})

    @extend_schema(operation_id="runs_list", responses=RunsOut)
    def get(self, request: Request) -> Response:
        query = request.query_params
        rows = runs_for(self.user, graph=query.get("graph", ""), status=query.get("status", ""))
        page, following = newest_first(rows, query.get("after", ""))
        return Response({"runs": [summary_of(run) for run in page], "next": following})


class RunView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(responses=RunOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        run = run_for(self.user, run_id)
        rights = {action: may(self.user, action, run) for action in RIGHTS}
        more = {"input": run.input, "output": run.output, "last_seq": run.last_seq, "document": frozen(run.graph_version_id).document}
        return Response({**summary_of(run), **more, "may": rights})


class RunEventsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters: ClassVar[frozenset[str]] = frozenset({"after", "limit"})

    @extend_schema(responses=EventsOut)
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        run = run_for(self.user, run_id)
        after, limit = whole(request, "after", 0), min(max(whole(request, "limit", EVENTS), 1), EVENTS)
        rows = read_after(run.pk, after, limit + 1)
        texts = ",".join(text for _, text in rows[:limit])
        last = rows[:limit][-1][0] if rows else after
        more = "true" if len(rows) > limit else "false"
        return HttpResponse(f'{{"events":[{texts}],"last_seq":{last},"more":{more}}}', content_type="application/json")


def whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise InvalidValue(f"`{name}` must be a whole number from 0.")
    return int(text)


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


class RunTableView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters: ClassVar[frozenset[str]] = frozenset({"path"})

    @extend_schema(operation_id="runs_table_retrieve", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        run = run_for(self.user, run_id)
        text = table_csv(run.output, request.query_params.get("path", ""))
        headers = {"Content-Disposition": f'attachment; filename="run-{run.pk}.csv"'}
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


class RunCommandsView(MemberApiView):
    @extend_schema(request=CommandIn, responses={202: CommandOut})
    def post(self, request: Request, run_id: UUID) -> Response:
        optional = frozenset({"path", "action", "value", "comment", "digest"})
        data = body_of(request, required=frozenset({"type"}), optional=optional)
        run = run_for(self.user, run_id)
        kind = data["type"]
        if kind not in Command.Kind.values:
            raise InvalidValue(f"There is no command {str(kind)[:40]!r}.", cure=f"Use one of: {', '.join(Command.Kind.values)}.")
        command = self._answer(run, data) if kind == Command.Kind.ANSWER else self._send(run, kind, data)
        return Response({"id": command.pk}, status=202)

    def _send(self, run: Run, kind: str, data: dict[str, Any]) -> Command:
        return send_command(run=run, by=self.user, kind=Command.Kind(kind), comment=text_field(data, "comment", longest=2000))

    def _answer(self, run: Run, data: dict[str, Any]) -> Command:
        texts = {name: text_field(data, name, longest=2000) for name in ("path", "action", "comment", "digest")}
        return answer(run=run, by=self.user, value=data.get("value"), **texts)


class ApprovalsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters: ClassVar[frozenset[str]] = frozenset({"after"})

    @extend_schema(operation_id="approvals_list", responses=ApprovalsOut)
    def get(self, request: Request) -> Response:
        page, following = oldest_first(open_approvals(self.user), request.query_params.get("after", ""))
        return Response({"approvals": [approval_row(asked) for asked in page], "next": following})


class CostsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}
    filters: ClassVar[frozenset[str]] = frozenset({"by", "from", "to", *NARROWING})

    @extend_schema(operation_id="costs_list", responses=CostsOut)
    def get(self, request: Request) -> Response:
        query = request.query_params
        only = {name: query.get(name, "") for name in NARROWING}
        return Response(costs(self.user, by=query.get("by", "graph"), since=query.get("from", ""), until=query.get("to", ""), only=only))


class ModelsView(MemberApiView):
    needs: ClassVar[dict[str, Action]] = {"GET": "view"}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response({"models": [row.model_dump() for row in catalog(keys_of_tenant())]})
