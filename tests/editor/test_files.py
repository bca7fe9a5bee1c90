"""Files of graphs over REST."""

import hashlib
from typing import Any

import pytest
from django.test import Client

from editor.graphs import files
from editor.graphs.actions import publish_version
from editor.graphs.files import files_of
from tenants.isolation.scope import tenant_scope
from tenants.roles import MemberRole
from tests.tenants.cast import House

FILES = "/api/v1/graphs/alpha-graph/files"


def put(client: Client, name: str, content: bytes, content_type: str = "text/csv") -> Any:
    return client.put(f"{FILES}/{name}", content, content_type=content_type)


def test_a_file_is_added_read_replaced_and_deleted(alpha: House) -> None:
    client, content = alpha.client(), b"a,b\n\x00\xff\n"
    added = put(client, "data.csv", content)
    row = {"name": "data.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert (added.status_code, added.json()) == (201, row)
    assert row in client.get(FILES).json()["files"]
    with tenant_scope(alpha.tenant.id):
        version = publish_version(graph=alpha.graph, note="", by=alpha.owner)
    read = client.get(f"{FILES}/data.csv")
    assert read.content == content and read["Content-Disposition"] == 'attachment; filename="data.csv"'
    assert read["X-Content-Type-Options"] == "nosniff" and read["Content-Type"] == "application/octet-stream"
    assert put(client, "data.csv", b"new", "application/json").status_code == 200
    assert client.get(f"{FILES}/data.csv").content == b"new"
    assert put(client, "empty.txt", b"").json()["size"] == 0
    assert client.delete(f"{FILES}/data.csv").status_code == 204
    assert client.get(f"{FILES}/data.csv").status_code == client.delete(f"{FILES}/data.csv").status_code == 404
    with tenant_scope(alpha.tenant.id):
        assert files_of(version.files)["data.csv"] == content


@pytest.mark.parametrize("name", ["..", ".hidden", "a b", "a%2Fb", "%E6%97%A5", "a" * 101, "-x", 'a"b', "a%0Ab"])
def test_names_that_could_lead_elsewhere_are_refused(alpha: House, name: str) -> None:
    assert put(alpha.client(), name, b"x").status_code in (400, 404)
    assert [row["name"] for row in alpha.client().get(FILES).json()["files"]] == ["notes.txt"]


def test_files_are_bounded(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = alpha.client()
    too_long = put(client, "long.bin", b"x" * (files.LONGEST_FILE + 1))
    assert (too_long.status_code, too_long.json()["code"]) == (413, "too_large")
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    assert put(client, "a.bin", b"x" * 60).status_code == 201
    assert put(client, "b.bin", b"x" * 60).status_code == 413
    assert put(client, "a.bin", b"x" * 70).status_code == 200
    monkeypatch.setattr(files, "MOST_FILES", 2)
    assert put(client, "c.bin", b"").status_code == 413


def test_who_may_not_edit_the_graph_changes_no_file(alpha: House) -> None:
    viewer = alpha.client(alpha.member("viewer", MemberRole.VIEWER))
    assert viewer.get(f"{FILES}/notes.txt").status_code == 200
    assert put(viewer, "x.txt", b"x").status_code == viewer.delete(f"{FILES}/notes.txt").status_code == 403
