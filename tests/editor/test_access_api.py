"""Who may use a graph, over REST."""

from typing import Any

import pytest
from django.test import Client

from tenants.roles import MemberRole
from tests.tenants.cast import House

ACCESS = "/api/v1/graphs/alpha-graph/access"


def put(client: Client, path: str, body: Any) -> Any:
    return client.put(path, body, content_type="application/json")


def test_a_graph_is_shut_and_shared_with_one_person(alpha: House) -> None:
    manager, viewer = alpha.client(), alpha.member("viewer", MemberRole.VIEWER)
    assert put(manager, ACCESS, {"restricted": True}).json() == {"restricted": True}
    assert alpha.client(viewer).get("/api/v1/graphs/alpha-graph").status_code == 404
    listed = manager.get(ACCESS).json()
    [row] = [person for person in listed["people"] if person["user"] == "viewer"]
    assert listed["restricted"] and row["actions"] == [] and row["by_role"] == ["view"]
    shared = put(manager, f"{ACCESS}/{row['id']}", {"actions": ["run"]})
    assert (shared.status_code, shared.json()["actions"]) == (200, ["view", "run"])
    assert alpha.client(viewer).get("/api/v1/graphs/alpha-graph").json()["may"]["run"] is True
    assert put(manager, f"{ACCESS}/{row['id']}", {"actions": []}).json()["actions"] == []
    assert alpha.client(viewer).get("/api/v1/graphs/alpha-graph").status_code == 404


@pytest.mark.parametrize("body", [{"restricted": "yes"}, {"restricted": None}, {}, {"restricted": True, "x": 1}])
def test_a_wrong_body_changes_nothing(alpha: House, body: Any) -> None:
    assert put(alpha.client(), ACCESS, body).status_code == 400
    assert alpha.client().get(ACCESS).json()["restricted"] is False


@pytest.mark.parametrize("actions", ["run", ["fly"], [1], None, [["run"]], {"run": True}, ["manage"]])
def test_only_known_actions_are_given(alpha: House, actions: Any) -> None:
    where = f"{ACCESS}/{alpha.membership.pk}"
    assert put(alpha.client(), where, {"actions": actions}).status_code == 400


def test_only_managers_see_and_change_access(alpha: House) -> None:
    editor = alpha.client(alpha.member("editor", MemberRole.EDITOR))
    assert editor.get(ACCESS).status_code == editor.head(ACCESS).status_code == 403
    assert put(editor, ACCESS, {"restricted": True}).status_code == 403
    assert put(editor, f"{ACCESS}/{alpha.membership.pk}", {"actions": []}).status_code == 403
