"""Files on the way through the pages: chosen or dropped in the run dialog, looked at by an agent, shown in the run."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.visitor import Visitor
from tests.media import HTML, film, pdf, picture, sound

pytestmark = pytest.mark.journey

KINDS: dict[str, tuple[str, bytes]] = {
    "photo": ("cat.png", picture("PNG", (320, 200), "blue")),
    "song": ("birds.wav", sound(1.5)),
    "clip": ("trip.mp4", film(2)),
    "paper": ("paper.pdf", pdf("Cats sleep a lot")),
}


def looking(document: dict[str, Any]) -> None:
    """An agent that is shown a picture, a sound, a film and a paper."""
    accepts = {"photo": ["image"], "song": ["audio"], "clip": ["video"], "paper": ["document", "text"]}
    fields = {name: {"type": "object", "format": "file", "accept": kinds} for name, kinds in accepts.items()}
    document["inputs"] = {"type": "object", "properties": fields, "required": ["photo"]}
    document["agents"] = {"eye": {"name": "Eye", "model": "demo/instant"}}
    params = {"agent": "eye", "prompt": "What do you see?", "attachments": "[input.photo, input.song, input.clip, input.paper]"}
    document["nodes"] = [
        {"id": "start", "kind": "input"},
        {"id": "look", "kind": "agent", "params": params},
        {"id": "end", "kind": "output"},
    ]
    ends = [("start", "look"), ("look", "end")]
    document["edges"] = [{"id": f"{a}-{b}", "source": a, "target": b} for a, b in ends]
    document["layout"] = {"start": {"x": 0, "y": 0}, "look": {"x": 300, "y": 0}, "end": {"x": 600, "y": 0}}


def choose(page: Page, field: str, name: str, content: bytes) -> None:
    page.get_by_role("dialog").get_by_label(field, exact=False).first.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def started_with_files(person: Visitor) -> str:
    """Fills the run dialog of a new graph and starts the run. Its id."""
    slug = person.copy_of("hello-agent", "Looking", looking)
    page = person.open_graph(slug)
    page.get_by_role("button", name="Run", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    for field, (name, content) in KINDS.items():
        choose(page, field.title(), name, content)
        expect(dialog.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    dialog.get_by_role("button", name="Run", exact=True).click()
    link = page.get_by_role("link", name="Open the run page")
    return (link.get_attribute("href") or "").strip("/").rpartition("/")[2]


def test_files_are_sent_looked_at_and_shown(demo: Visitor) -> None:
    run = started_with_files(demo)
    demo.wait_for_status(run, "succeeded")
    said = demo.ask(f"runs/{run}")["output"]
    for words in ("320 x 200 pixels, mostly blue", "1.5 s long", "trip.mp4: video/mp4", "It begins: Cats sleep a lot"):
        assert words in said
    page = demo.open_run(run)
    page.get_by_role("tab", name="Input").click()
    detail = page.locator(".run-detail")
    picture_shown = detail.get_by_role("img", name="cat.png")
    expect(picture_shown).to_be_visible()
    assert picture_shown.evaluate("image => image.naturalWidth") == 320
    detail.get_by_role("button", name="Enlarge cat.png").click()
    expect(detail.get_by_role("button", name="Shrink cat.png")).to_be_visible()
    for player in ("birds.wav", "trip.mp4"):
        shown = detail.get_by_label(player, exact=True)
        page.wait_for_function("media => media.readyState >= 1 || media.error", arg=shown.element_handle())
    assert detail.get_by_label("birds.wav", exact=True).evaluate("media => media.duration") == 1.5
    detail.get_by_role("button", name="Show how it begins").click()
    expect(detail.get_by_text("Cats sleep a lot")).to_be_visible()
    with page.expect_download() as saved:
        detail.get_by_role("link", name="Download paper.pdf").click()
    assert saved.value.path().read_bytes() == KINDS["paper"][1]


def test_a_page_that_is_called_a_picture_is_refused_in_the_form(demo: Visitor) -> None:
    demo.watch.provoke("400")
    page = demo.open_graph(demo.copy_of("hello-agent", "Refusing", looking))
    page.get_by_role("button", name="Run", exact=True).first.click()
    choose(page, "Photo", "cat.png", HTML)
    expect(page.get_by_role("alert")).to_have_text("cat.png is called otherwise than it is: it holds text/html.")


def test_a_file_is_dropped_on_its_field(demo: Visitor) -> None:
    page = demo.open_graph(demo.copy_of("hello-agent", "Dropping", looking))
    page.get_by_role("button", name="Run", exact=True).first.click()
    transfer = page.evaluate_handle(
        "bytes => { const data = new DataTransfer(); data.items.add(new File([new Uint8Array(bytes)], 'dropped.png')); return data; }",
        list(KINDS["photo"][1]),
    )
    page.get_by_role("dialog").locator(".file-drop").first.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_role("button", name="Remove dropped.png")).to_be_visible()


def test_a_blind_model_is_a_problem_of_the_node(demo: Visitor) -> None:
    def blind(document: dict[str, Any]) -> None:
        looking(document)
        document["nodes"][1]["params"]["attachments"] = "input.photo"

    slug = demo.copy_of("hello-agent", "Blind", blind)
    graph = demo.ask(f"graphs/{slug}")
    graph["document"]["agents"]["eye"]["model"] = "openai/gpt-3.5-turbo"
    saved = demo.send(f"graphs/{slug}/draft", {"document": graph["document"], "revision": graph["revision"]}, "PUT")
    [problem] = saved.json()["problems"]
    assert (problem["code"], problem["node"], problem["field"]) == ("missing_sense", "look", "attachments")
    assert problem["message"] == "openai/gpt-3.5-turbo does not see images, and images are given to it"


def asking(document: dict[str, Any]) -> None:
    """A person is asked for a picture, and an agent looks at it."""
    form = {
        "type": "object",
        "properties": {
            "photo": {"type": "object", "format": "file", "accept": ["image"], "description": "What you see there"},
            "mood": {"enum": ["good", "bad"], "type": "string"},
        },
        "required": ["photo"],
    }
    looking(document)
    document["inputs"] = {}
    asked = {"mode": "question", "title": "Send a picture", "answer_schema": form, "actions": [{"name": "approve", "title": "Send it"}]}
    document["nodes"][1:1] = [{"id": "ask", "kind": "human", "params": asked}]
    document["nodes"][2]["params"]["attachments"] = "input.value.photo"
    ends = [("start", "ask", "out"), ("ask", "look", "approve"), ("look", "end", "out")]
    document["edges"] = [{"id": f"{a}-{b}", "source": a, "source_port": port, "target": b} for a, b, port in ends]
    document["layout"] = {}


def send_picture(page: Page) -> None:
    field = page.get_by_label("Photo", exact=False).first
    name, content = KINDS["photo"]
    field.set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
    expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    page.get_by_label("Mood").select_option("good")
    page.get_by_role("button", name="Send it").click()


@pytest.mark.parametrize("where", ["run page", "inbox"])
def test_a_person_answers_with_a_file(demo: Visitor, where: str) -> None:
    run = demo.start_run(demo.copy_of("hello-agent", f"Asking in the {where}", asking), {}, draft=True)
    demo.wait_for_status(run, "waiting")
    if where == "inbox":
        page = demo.page
        page.goto("/approvals/")
        expect(page.get_by_text("Value (JSON)")).to_be_hidden()
    else:
        page = demo.open_run(run)
        page.get_by_role("tree", name="Spans").get_by_text("Send a picture").click()
    send_picture(page)
    demo.wait_for_status(run, "succeeded")
    assert "320 x 200 pixels, mostly blue" in demo.ask(f"runs/{run}")["output"]
    page = demo.open_run(run)
    page.get_by_role("tree", name="Spans").get_by_text("Send a picture").click()
    expect(page.locator(".run-detail").get_by_role("img", name="cat.png")).to_be_visible()
