"""Addresses of this room: pages at the root, the REST API under /api/v1."""

from django.urls import URLPattern, URLResolver, path

from editor.graphs import access_api, api, draft_api, file_api, upload_api, views
from editor.library import views as agent_views

page_urls: list[URLPattern | URLResolver] = [
    path("", views.graphs, name="graphs"),
    path("graphs/", views.graph_create, name="graph_create"),
    path("graphs/<slug:slug>/", views.graph, name="graph"),
    path("graphs/<slug:slug>/duplicate/", views.graph_duplicate, name="graph_duplicate"),
    path("graphs/<slug:slug>/delete/", views.graph_delete, name="graph_delete"),
    path("graphs/<slug:slug>/access/", views.graph_access, name="graph_access"),
    path("graphs/<slug:slug>/access/restrict/", views.graph_restrict, name="graph_restrict"),
    path("graphs/<slug:slug>/access/share/", views.graph_share, name="graph_share"),
    path("agents/", agent_views.agents, name="agents"),
    path("agents/new/", agent_views.agent_new, name="agent_new"),
    path("agents/<slug:slug>/", agent_views.agent, name="agent"),
    path("agents/<slug:slug>/delete/", agent_views.agent_delete, name="agent_delete"),
]

api_urls: list[URLPattern | URLResolver] = [
    path("agent-schema", api.AgentSchemaView.as_view(), name="api_agent_schema"),
    path("node-kinds", api.NodeKindsView.as_view(), name="api_node_kinds"),
    path("files/<str:file>", upload_api.UploadView.as_view(), name="api_upload"),
    path("graphs", api.GraphsView.as_view(), name="api_graphs"),
    path("graphs/<slug:slug>", api.GraphView.as_view(), name="api_graph"),
    path("graphs/<slug:slug>/draft", draft_api.DraftView.as_view(), name="api_draft"),
    path("graphs/<slug:slug>/files", file_api.FilesView.as_view(), name="api_files"),
    path("graphs/<slug:slug>/files/<str:file>", file_api.FileView.as_view(), name="api_file"),
    path("graphs/<slug:slug>/access", access_api.AccessView.as_view(), name="api_access"),
    path("graphs/<slug:slug>/access/<uuid:membership_id>", access_api.PersonAccessView.as_view(), name="api_person_access"),
    path("graphs/<slug:slug>/duplicate", api.DuplicateView.as_view(), name="api_duplicate"),
    path("graphs/<slug:slug>/versions", api.VersionsView.as_view(), name="api_versions"),
    path("graphs/<slug:slug>/versions/<int:number>", api.VersionView.as_view(), name="api_version"),
    path("graphs/<slug:slug>/versions/<int:number>/restore", draft_api.RestoreView.as_view(), name="api_restore"),
    path("agents", api.AgentsView.as_view(), name="api_agents"),
    path("agents/<slug:slug>", api.AgentView.as_view(), name="api_agent"),
]
