"""Drafts are read and saved under their entity tags."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.tenants.cast import House, graph_document

DRAFT = "/api/v1/graphs/alpha-graph/draft"


def save(client: Client, tag: str | None, **body: Any) -> Any:
    headers = {} if tag is None else {"If-Match": tag}
    sent = json.dumps({"document": graph_document("Saved"), **body})
    return client.put(DRAFT, sent, content_type="application/json", headers=headers)


def test_a_draft_is_saved_on_top_of_the_tag_that_was_read(alpha: House) -> None:
    client = alpha.client()
    read = client.get(DRAFT)
    assert (read["ETag"], read.json()["revision"]) == ('"1"', 1) and read.json()["document"]["nodes"]
    saved = save(client, read["ETag"])
    assert (saved.status_code, saved["ETag"], saved.json()["revision"]) == (200, '"2"', 2)
    late = save(client, read["ETag"])
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert late.json()["details"]["revision"] == 2 and late.json()["details"]["document"]["title"] == "Saved"
    assert save(client, saved["ETag"]).status_code == 200


@pytest.mark.parametrize("tag", ['"1"', '"7", "1"', "*"])
def test_each_form_of_the_tag_is_understood(alpha: House, tag: str) -> None:
    assert save(alpha.client(), tag).json()["revision"] == 2


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', '"x"', "", "1", '"1', '"' + "9" * 400 + '"', '"٣"', '"0"', '"2", "3"', '"-1"'])
def test_a_tag_that_is_not_the_drafts_saves_nothing(alpha: House, tag: str) -> None:
    client = alpha.client()
    assert save(client, tag).status_code == 412
    assert client.get(DRAFT)["ETag"] == '"1"'


def test_tags_without_end_are_refused(alpha: House) -> None:
    client, tags = alpha.client(), ", ".join(f'"{n}"' for n in range(2, 500))
    assert save(client, tags).status_code == client.get(DRAFT, headers={"If-None-Match": tags}).status_code == 400


def test_the_body_may_say_the_revision_and_must_not_say_another(alpha: House) -> None:
    client = alpha.client()
    none = save(client, None)
    assert (none.status_code, none.json()["code"]) == (428, "precondition_required") and "If-Match" in none.json()["cure"]
    assert save(client, '"1"', revision=2).status_code == 400
    assert save(client, '"1"', revision=1).status_code == 200
    assert save(client, None, revision=2).status_code == 200
    assert save(client, None, revision=2).status_code == 409


def test_what_is_known_already_is_not_sent_again(alpha: House) -> None:
    client = alpha.client()
    for tags in ('"1"', 'W/"1"', '"5", "1"', "*"):
        answer = client.get(DRAFT, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", '"1"')
    assert client.get(DRAFT, headers={"If-None-Match": '"2"'}).status_code == 200
