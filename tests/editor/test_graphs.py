"""Drawing and keeping: drafts that never overwrite, versions that never change."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from editor.graphs.actions import (
    create_graph,
    delete_graph,
    duplicate_graph,
    install_starter,
    publish_version,
    restore_version,
    save_draft,
    start_from,
)
from editor.graphs.files import files_of
from editor.library.actions import delete_agent, save_agent
from editor.models import FileContent, Graph, GraphVersion, VersionImmutable
from editor.problems import errors_in, problems_of, read_document
from editor.starters.catalog import Starter, starters
from editor.versions import versions
from editor.versions.versions import freeze
from orchestrator.engine.document.problems import GraphInvalid
from orchestrator.engine.effects.tool import ToolSpec
from tenants.isolation.scope import tenant_scope
from tenants.policy.tools import install_tools
from tenants.problems import Conflict, Forbidden, NotFound, StaleRevision
from tenants.roles import MemberRole
from tests.graphs import edge, graph, node, path
from tests.tenants.cast import TOOLS, House, agent_document, graph_document


def unknown_kind() -> dict[str, Any]:
    return graph_document() | {"nodes": [{"id": "odd", "kind": "no_such_kind"}], "edges": []}


def test_each_save_makes_the_next_revision(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        saved = save_draft(graph=alpha.graph, document=graph_document("Renamed"), revision=1, by=alpha.owner)
        graph = Graph.objects.get()
    assert saved.revision == graph.revision == 2
    assert graph.title == "Renamed" and saved.problems == []


def test_the_editor_shows_a_graph_under_the_title_that_lists_show(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        made = create_graph(tenant=alpha.tenant, title="Mine", document=graph_document("Another"), by=alpha.owner)
        copy = duplicate_graph(graph=made, by=alpha.owner)
        assert [(graph.title, graph.document["title"]) for graph in (made, copy)] == [("Mine", "Mine"), ("Mine (copy)", "Mine (copy)")]
        save_draft(graph=copy, document=copy.document, revision=1, by=alpha.owner)
        assert Graph.objects.get(pk=copy.pk).title == "Mine (copy)"


def test_an_older_revision_never_overwrites_a_newer_one(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        save_draft(graph=alpha.graph, document=graph_document("First"), revision=1, by=alpha.owner)
        with pytest.raises(StaleRevision) as stale:
            save_draft(graph=alpha.graph, document=graph_document("Second"), revision=1, by=alpha.owner)
        assert Graph.objects.get().title == "First"
    assert stale.value.details["revision"] == 2 and stale.value.details["document"]["title"] == "First"
    assert stale.value.details["updated_by"] == alpha.owner.username


@pytest.mark.django_db(transaction=True)
def test_of_many_savers_at_once_one_wins(alpha: House) -> None:
    results: list[str] = []
    barrier = threading.Barrier(6)

    def save(number: int) -> None:
        barrier.wait()
        try:
            with tenant_scope(alpha.tenant.id):
                save_draft(graph=alpha.graph, document=graph_document(f"T{number}"), revision=1, by=alpha.owner)
            results.append("saved")
        except StaleRevision:
            results.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["saved"] + ["stale"] * 5


def test_a_draft_with_problems_is_kept_and_cannot_be_published(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        saved = save_draft(graph=alpha.graph, document=unknown_kind(), revision=1, by=alpha.owner)
        assert any(problem.node == "odd" for problem in saved.problems)
        assert Graph.objects.get().problem_count == len(saved.problems) > 0
        with pytest.raises(GraphInvalid):
            freeze(Graph.objects.get(), alpha.owner)


def test_a_loop_that_a_second_value_will_enter_is_shown_on_its_edge_and_cannot_be_published(alpha: House) -> None:
    ends = [node("start", "input"), node("end", "output")]
    loops = [node(name, "transform") for name in "ab"]
    edges = [*path("start", "a", "b", "end"), *(edge(name, name, max_iterations=3) for name in "ab")]
    document = graph([*ends, *loops], edges).model_dump(mode="json")
    with tenant_scope(alpha.tenant.id):
        saved = save_draft(graph=alpha.graph, document=document, revision=1, by=alpha.owner)
        assert [(problem.code, problem.edge) for problem in saved.problems] == [("loop_entered_again", "a-b")]
        with pytest.raises(GraphInvalid):
            freeze(Graph.objects.get(), alpha.owner)


def test_versions_are_numbered_and_never_change(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        second = publish_version(graph=alpha.graph, note="two", by=alpha.owner)
        assert (alpha.version.number, second.number) == (1, 2)
        second.note = "changed"
        with pytest.raises(VersionImmutable):
            second.save()
        assert second.digest == alpha.version.digest


def test_a_frozen_draft_has_no_number_and_is_made_once(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        first, again = (freeze(alpha.graph, alpha.owner, draft=True) for _ in range(2))
        assert first == again and first.number is None and first.is_draft
        save_draft(graph=alpha.graph, document=graph_document("Other"), revision=1, by=alpha.owner)
        assert freeze(alpha.graph, alpha.owner, draft=True) != first


def test_a_draft_that_is_saved_without_end_is_not_checked_without_end(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []

    def saved_meanwhile(document: object) -> list[object]:
        checked.append(document)
        Graph.objects.filter(pk=alpha.graph.pk).update(revision=F("revision") + 1)
        return []

    monkeypatch.setattr(versions, "problems_of", saved_meanwhile)
    with tenant_scope(alpha.tenant.id), pytest.raises(Conflict, match="saved again each time"):
        freeze(alpha.graph, alpha.owner)
    assert len(checked) == versions.TRIES


def test_a_version_keeps_the_library_agent_as_it_was(alpha: House) -> None:
    document = graph_document() | {"agents": {"helper": {"library": "alpha-agent"}}}
    with tenant_scope(alpha.tenant.id):
        graph = create_graph(tenant=alpha.tenant, title="Uses it", document=document, by=alpha.owner)
        before = publish_version(graph=graph, note="", by=alpha.owner)
        save_agent(row=alpha.agent, agent=agent_document("Other name"), revision=1, by=alpha.owner)
        after = publish_version(graph=graph, note="", by=alpha.owner)
        assert before.document["agents"]["helper"]["name"].startswith("Agent canary")
        assert after.document["agents"]["helper"]["name"] == "Other name"
        assert after.source["agents"]["helper"] == {"library": "alpha-agent"}
        delete_agent(row=alpha.agent, by=alpha.owner)
        with pytest.raises(GraphInvalid, match="not in the library"):
            freeze(graph, alpha.owner)


def test_t02_a_library_agent_of_another_tenant_is_not_found(alpha: House, beta: House) -> None:
    document = graph_document() | {"agents": {"helper": {"library": "alpha-agent"}}}
    with tenant_scope(beta.tenant.id):
        graph = create_graph(tenant=beta.tenant, title="Thief", document=document, by=beta.owner)
        with pytest.raises(GraphInvalid, match="not in the library"):
            freeze(graph, beta.owner)


def test_restoring_makes_an_old_source_the_draft(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        save_draft(graph=alpha.graph, document=graph_document("Other"), revision=1, by=alpha.owner)
        assert restore_version(graph=alpha.graph, number=1, revision=2, by=alpha.owner).revision == 3
        assert Graph.objects.get().document == alpha.version.source
        with pytest.raises(StaleRevision):
            restore_version(graph=alpha.graph, number=1, revision=2, by=alpha.owner)
        with pytest.raises(NotFound):
            restore_version(graph=alpha.graph, number=99, revision=3, by=alpha.owner)


def test_a_deleted_graph_is_gone_but_its_versions_stay(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        delete_graph(graph=alpha.graph, by=alpha.owner)
        assert not Graph.objects.visible_to(alpha.owner).exists()
        assert GraphVersion.objects.filter(pk=alpha.version.pk).exists()
        create_graph(tenant=alpha.tenant, title="Again", slug="alpha-graph", by=alpha.owner)
    assert alpha.client().get("/api/v1/graphs/alpha-graph").json()["title"] == "Again"


def test_slugs_are_made_from_titles_and_taken_once(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        slugs = [create_graph(tenant=alpha.tenant, title="My Team!", by=alpha.owner).slug for _ in range(3)]
        assert slugs == ["my-team", "my-team-2", "my-team-3"]
        assert create_graph(tenant=alpha.tenant, title="日本", by=alpha.owner).slug.startswith("graph-")
        with pytest.raises(Conflict):
            create_graph(tenant=alpha.tenant, title="x", slug="my-team", by=alpha.owner)


@pytest.mark.parametrize("role", [MemberRole.VIEWER, MemberRole.OPERATOR])
def test_who_may_not_edit_changes_nothing(alpha: House, role: MemberRole) -> None:
    user = alpha.member("somebody", role)
    with tenant_scope(alpha.tenant.id):
        for change in (
            lambda: save_draft(graph=alpha.graph, document=graph_document(), revision=1, by=user),
            lambda: publish_version(graph=alpha.graph, note="", by=user),
            lambda: delete_graph(graph=alpha.graph, by=user),
            lambda: create_graph(tenant=alpha.tenant, title="x", by=user),
            lambda: restore_version(graph=alpha.graph, number=1, revision=1, by=user),
            lambda: save_agent(row=alpha.agent, agent=agent_document(), revision=1, by=user),
            lambda: delete_agent(row=alpha.agent, by=user),
        ):
            with pytest.raises(Forbidden):
                change()


def test_a_starter_is_installed_once_and_begun_from_often(alpha: House) -> None:
    starter = Starter("triage", "Triage", "Sorts tickets.", graph_document("Triage"), {"faq.md": b"# FAQ"}, {"text": "hi"})
    with tenant_scope(alpha.tenant.id):
        assert install_starter(starter=starter, tenant=alpha.tenant, by=alpha.owner).slug == "triage"
        assert install_starter(starter=starter, tenant=alpha.tenant, by=alpha.owner).slug == "triage"
        again = start_from(starter=starter, tenant=alpha.tenant, by=alpha.owner)
        assert again.slug == "triage-2" and again.example_input == {"text": "hi"}


def test_files_go_with_the_graph_its_copies_and_its_versions(alpha: House, beta: House) -> None:
    starter = Starter("triage", "Triage", "", graph_document("Triage"), {"faq.md": b"# FAQ", "same.md": b"# FAQ"}, {})
    with tenant_scope(alpha.tenant.id):
        graph = start_from(starter=starter, tenant=alpha.tenant, by=alpha.owner)
        version = publish_version(graph=duplicate_graph(graph=graph, by=alpha.owner), note="", by=alpha.owner)
        assert files_of(version.files) == {"faq.md": b"# FAQ", "same.md": b"# FAQ"}
        assert FileContent.objects.filter(digest__in=version.files.values()).count() == 1
    with tenant_scope(beta.tenant.id):
        assert not FileContent.objects.filter(digest__in=version.files.values()).exists(), "T11: files are behind the wall too"


def test_every_starter_that_ships_can_be_drawn_without_an_error(alpha: House) -> None:
    with tenant_scope(alpha.tenant.id):
        used = ("csv_lookup", "text_search", "calculator", "workspace_write", "lint_python")
        install_tools(tenant=alpha.tenant, specs=[tool_named(name) for name in used])
        for starter in starters():
            graph = install_starter(starter=starter, tenant=alpha.tenant, by=alpha.owner)
            assert errors_in(problems_of(read_document(graph.document))) == []


def test_a_graph_that_calls_one_that_is_not_there_or_not_for_all_says_so(alpha: House, beta: House) -> None:
    with tenant_scope(beta.tenant.id):
        create_graph(tenant=beta.tenant, title="Theirs", document=graph_document(), by=beta.owner)
    with tenant_scope(alpha.tenant.id):
        install_tools(tenant=alpha.tenant, specs=[tool_named("run_graph")])
        for title in ("Open", "Secret", "Gone"):
            made = create_graph(tenant=alpha.tenant, title=title, document=graph_document(), by=alpha.owner)
            Graph.objects.filter(pk=made.pk).update(restricted=title == "Secret")
        delete_graph(graph=made, by=alpha.owner)
        names = ("open", "secret", "gone", "theirs", "{{ input }}", 7)
        calls = [node(f"n{number}", "tool", {"tool": "run_graph", "arguments": {"graph": name}}) for number, name in enumerate(names)]
        found = [problem for problem in problems_of(graph(calls, [])) if problem.code == "unknown_graph"]
    assert [(problem.node, problem.severity.value) for problem in found] == [("n1", "warning"), ("n2", "warning"), ("n3", "warning")]


def tool_named(name: str) -> ToolSpec:
    return TOOLS[0].model_copy(update={"name": name})
