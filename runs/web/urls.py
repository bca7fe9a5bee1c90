"""Addresses of this room: pages at the root, the REST API under /api/v1."""

from django.urls import URLPattern, URLResolver, path

from runs.web import api, file_api, memories, memories_api, views

page_urls: list[URLPattern | URLResolver] = [
    path("runs/", views.runs, name="runs"),
    path("runs/<uuid:run_id>/", views.run, name="run"),
    path("approvals/", views.approvals, name="approvals"),
    path("approvals/<uuid:run_id>/", views.approval_answer, name="approval_answer"),
    path("memory/", memories.memories, name="memories"),
    path("memory/<int:memory_id>/", memories.memory, name="memory"),
    path("memory/<int:memory_id>/correct/", memories.memory_correct, name="memory_correct"),
    path("memory/<int:memory_id>/delete/", memories.memory_delete, name="memory_delete"),
    path("memory/spaces/<str:space>/delete/", memories.memory_space_delete, name="memory_space_delete"),
    path("costs/", views.costs_page, name="costs"),
]

api_urls: list[URLPattern | URLResolver] = [
    path("graphs/<slug:slug>/runs", api.GraphRunsView.as_view(), name="api_graph_runs"),
    path("runs", api.RunsView.as_view(), name="api_runs"),
    path("runs/<uuid:run_id>", api.RunView.as_view(), name="api_run"),
    path("runs/<uuid:run_id>/events", api.RunEventsView.as_view(), name="api_run_events"),
    path("runs/<uuid:run_id>/blobs/<str:sha256>", api.RunBlobView.as_view(), name="api_run_blob"),
    path("runs/<uuid:run_id>/files/<str:sha256>", file_api.RunFileView.as_view(), name="api_run_file"),
    path("runs/<uuid:run_id>/files/<str:sha256>/words", file_api.RunFileWordsView.as_view(), name="api_run_file_words"),
    path("runs/<uuid:run_id>/table.csv", api.RunTableView.as_view(), name="api_run_table"),
    path("runs/<uuid:run_id>/commands", api.RunCommandsView.as_view(), name="api_run_commands"),
    path("runs/<uuid:run_id>/messages", api.RunMessagesView.as_view(), name="api_run_messages"),
    path("approvals", api.ApprovalsView.as_view(), name="api_approvals"),
    path("memories", memories_api.MemoriesView.as_view(), name="api_memories"),
    path("memories/<int:memory_id>", memories_api.MemoryView.as_view(), name="api_memory"),
    path("memory-spaces", memories_api.MemorySpacesView.as_view(), name="api_memory_spaces"),
    path("memory-spaces/<str:space>", memories_api.MemorySpaceView.as_view(), name="api_memory_space"),
    path("costs", api.CostsView.as_view(), name="api_costs"),
    path("models", api.ModelsView.as_view(), name="api_models"),
]
