"""Every code that a problem or a failed run can have, with its meaning and cure: what `/problems/<code>` answers."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.http import Http404, HttpRequest, JsonResponse

from orchestrator.engine.errors import ErrorCode, ErrorInfo
from tenants.problems import ApiProblem, title_of


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What all problems of a code have in common. `status` is that of the answer; None where only runs have it."""

    code: str
    title: str
    cure: str
    status: int | None


MEANINGS: dict[ErrorCode, tuple[str, str]] = {
    ErrorCode.INVALID_GRAPH: ("The graph cannot run as it is.", "Mend every problem listed, then run again."),
    ErrorCode.INVALID_INPUT: ("The input does not fit the graph.", "Send `input` as the graph's input schema describes it."),
    ErrorCode.INVALID_PARAMS: ("The settings of a node do not fit its kind.", "Correct the settings that the message names."),
    ErrorCode.INVALID_OUTPUT: ("A value does not fit the schema it was promised for.", "Correct the schema, or what makes the value."),
    ErrorCode.EXPRESSION_FAILED: ("An expression could not be evaluated.", "Correct the expression, or the values it reads."),
    ErrorCode.LIMIT_EXCEEDED: ("A limit was crossed.", "Raise the limit, or do less at once."),
    ErrorCode.TIMEOUT: ("Something took longer than it may.", "Allow it more time, or do less at once."),
    ErrorCode.REFUSED: ("The policy or a missing right refused a call.", "Change the rule or give the right, then run again."),
    ErrorCode.REJECTED: ("A person rejected what was asked.", "Read the comment of the answer, then run again."),
    ErrorCode.TOOL_FAILED: ("A tool failed.", "Read what the tool said, correct its arguments, then run again."),
    ErrorCode.OUTCOME_UNKNOWN: ("Whether a call was carried out cannot be known.", "Look at the other system before you repeat it."),
    ErrorCode.MODEL_UNKNOWN: ("There is no such model.", "Choose one that the list of models shows."),
    ErrorCode.MODEL_AUTH: ("The model's provider does not take the key.", "Store a valid key of the provider."),
    ErrorCode.MODEL_NO_CREDIT: ("The account at the model's provider has no credit.", "Add credit there, or choose another model."),
    ErrorCode.MODEL_RATE_LIMITED: ("The model's provider was asked too often.", "Run again later, or ask it less at once."),
    ErrorCode.MODEL_UNAVAILABLE: ("The model's provider does not answer.", "Run again later, or choose another model."),
    ErrorCode.MODEL_TIMEOUT: ("The model took longer than the agent may wait.", "Allow the agent more time, or choose another model."),
    ErrorCode.MODEL_BAD_REQUEST: ("The model's provider does not take the request.", "Correct what the provider's words name."),
    ErrorCode.MODEL_BAD_REPLY: ("The model's reply cannot be used.", "Run again, or choose another model."),
    ErrorCode.MODEL_REFUSED: ("The model would not answer.", "Give refusals a way out of the node, or change what is asked."),
    ErrorCode.MODEL_STREAM_CUT: ("The model's reply broke off.", "Run again."),
    ErrorCode.REPLAY_DIVERGED: ("A run came to another place than its log.", "Start a new run; the log says where they part."),
    ErrorCode.NO_ROUTE: ("No way leads on from a node.", "Give the router a way for every case."),
    ErrorCode.INTERNAL: ("Something went wrong on our side.", "Try again; if it stays, the server's log says more."),
}


class EngineProblem(ApiProblem):
    """What the engine refused."""

    code = ErrorCode.INTERNAL.value
    cure = MEANINGS[ErrorCode.INTERNAL][1]

    def __init__(self, info: ErrorInfo) -> None:
        self.code = info.code.value
        self._meaning, cure = MEANINGS[info.code]
        super().__init__(info.message, cure=info.cure or cure)

    @property
    def title(self) -> str:
        return self._meaning


def problem_types() -> dict[str, ProblemType]:
    """By code. Whoever asks has loaded the rooms."""
    found = {code.value: ProblemType(code.value, *words, status=None) for code, words in MEANINGS.items()}
    for kind in _kinds(ApiProblem):
        if kind is not EngineProblem:
            found[kind.code] = ProblemType(kind.code, title_of(kind), kind.cure, kind.status)
    return dict(sorted(found.items()))


def every_problem(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"problems": [asdict(each) for each in problem_types().values()]})


def one_problem(request: HttpRequest, code: str) -> JsonResponse:
    found = problem_types().get(code)
    if found is None:
        raise Http404
    return JsonResponse(asdict(found))


def _kinds(base: type[ApiProblem]) -> Iterator[type[ApiProblem]]:
    """Those with a code of their own."""
    for kind in base.__subclasses__():
        if "code" in vars(kind):
            yield kind
        yield from _kinds(kind)
