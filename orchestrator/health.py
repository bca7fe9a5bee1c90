"""Whether this process can serve: the database and the broker, nothing else."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from orchestrator.processes import embedded_broker
from orchestrator.settings.env import REDIS_URL


def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers; a broker that is away is said, and runs are still taken."""
    database = _database_answers()
    answer = {"status": "ok" if database else "unavailable", "database": database, "broker": embedded_broker.answers(REDIS_URL)}
    return JsonResponse(answer, status=200 if database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() is not None
    except DatabaseError:
        return False
