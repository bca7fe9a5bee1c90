"""Which address leads to which room."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

from editor.urls import api_urls as editor_api
from editor.urls import page_urls as editor_pages
from orchestrator.health import live, ready
from orchestrator.problem_types import every_problem, one_problem
from runs.web.urls import api_urls as runs_api
from runs.web.urls import page_urls as runs_pages
from tenants.web.urls import api_urls as tenants_api
from tenants.web.urls import page_urls as tenants_pages

handler400 = "orchestrator.exception_handler.unreadable"
handler403 = "orchestrator.exception_handler.not_allowed"
handler404 = "orchestrator.exception_handler.missing_address"
handler500 = "orchestrator.exception_handler.fault"

urlpatterns = [
    path("problems/", every_problem, name="problems"),
    path("problems/<slug:code>", one_problem, name="problem"),
    path("api/v1/health", ready, name="api_health"),
    path("api/v1/health/ready", ready, name="api_health_ready"),
    path("api/v1/health/live", live, name="api_health_live"),
    path("api/v1/schema", SpectacularJSONAPIView.as_view(), name="api_schema"),
    path("api/v1/", include([*tenants_api, *editor_api, *runs_api])),
    *tenants_pages,
    *editor_pages,
    *runs_pages,
]
