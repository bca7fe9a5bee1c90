"""Which address leads to which room."""

from django.urls import include, path

from editor.urls import api_urls as editor_api
from editor.urls import page_urls as editor_pages
from runs.urls import api_urls as runs_api
from runs.urls import page_urls as runs_pages
from tenants.urls import api_urls as tenants_api
from tenants.urls import page_urls as tenants_pages

urlpatterns = [
    path("api/v1/", include([*tenants_api, *editor_api, *runs_api])),
    *tenants_pages,
    *editor_pages,
    *runs_pages,
]
