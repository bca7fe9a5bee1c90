"""Looking things up in files shipped with a graph, in JSON, and in the calendar."""

import asyncio
import json

import pytest

from orchestrator.capabilities.tools.toolbox import toolbox
from orchestrator.engine.errors import ToolError
from orchestrator.engine.ids import Json
from orchestrator.engine.ports import ToolCall
from orchestrator.engine.testing import call_context

ORDERS = '\ufefforder_id,customer_id,item\nO-1,C-7,Kettle\nO-2,c-7,"Lamp, large"\nO-3,C-8,Chair\n'.encode()
FAQ = b"""# Help

## Returns
Send unused items back within 30 days.

## Delivery times
Parcels arrive in two to four working days. Tracking is in the mail we send.

## Warranty
Every kettle has a warranty of two years.
"""
FILES = {"orders.csv": ORDERS, "faq.md": FAQ, "broken.csv": b"a,b\n\xff\xfe,1\n"}
NOON_US = 1_795_348_800_000_000  # 2026-11-22T12:00:00Z


async def use(name: str, **arguments: Json) -> Json:
    files = {key: value for key, value in FILES.items() if key != "broken.csv"}
    return await toolbox(files=files, now_us=lambda: NOON_US).call(ToolCall(tool=name, arguments=arguments), call_context())


async def test_csv_rows_are_found_without_regard_to_case_and_byte_order_mark() -> None:
    found = await use("csv_lookup", file="orders.csv", column="customer_id", value=" C-7 ")
    assert found == {
        "rows": [
            {"order_id": "O-1", "customer_id": "C-7", "item": "Kettle"},
            {"order_id": "O-2", "customer_id": "c-7", "item": "Lamp, large"},
        ],
        "count": 2,
    }


async def test_csv_limit_still_tells_the_count() -> None:
    found = await use("csv_lookup", file="orders.csv", column="customer_id", value="c-7", limit=1)
    assert isinstance(found, dict) and found["count"] == 2 and len(found["rows"]) == 1  # type: ignore[arg-type]


async def test_no_such_row_is_an_empty_answer() -> None:
    assert await use("csv_lookup", file="orders.csv", column="order_id", value="O-99") == {"rows": [], "count": 0}


@pytest.mark.parametrize("name", ["/etc/passwd", "../orders.csv", "orders.csv\0", "..%2forders.csv", "other.csv", ""])
async def test_a_file_is_only_what_the_graph_brought(name: str) -> None:
    with pytest.raises(ToolError) as caught:
        await use("csv_lookup", file=name, column="order_id", value="O-1")
    assert "orders.csv" in caught.value.info.message + caught.value.info.cure


async def test_unknown_column_lists_the_columns() -> None:
    with pytest.raises(ToolError) as caught:
        await use("csv_lookup", file="orders.csv", column="colour", value="red")
    assert "customer_id" in caught.value.info.message + caught.value.info.cure


async def test_file_that_is_not_text_says_so() -> None:
    box = toolbox(files=FILES)
    assert box.spec("csv_lookup") is not None
    with pytest.raises(ToolError) as caught:
        await box.call(ToolCall(tool="csv_lookup", arguments={"file": "broken.csv", "column": "order_id", "value": "1"}), call_context())
    assert "UTF-8" in caught.value.info.message


async def test_specs_name_the_files_and_columns_at_hand() -> None:
    spec = toolbox(files={"orders.csv": ORDERS, "faq.md": FAQ}).spec("csv_lookup")
    assert spec is not None
    assert "orders.csv has the columns order_id, customer_id, item" in spec.description
    properties = spec.parameters["properties"]
    assert properties["file"]["enum"] == ["orders.csv"]  # type: ignore[index,call-overload]
    assert properties["column"]["enum"] == ["order_id", "customer_id", "item"]  # type: ignore[index,call-overload]


async def test_text_search_ranks_the_passage_that_answers() -> None:
    found = await use("text_search", query="When will my parcel be delivered?", limit=1)
    assert isinstance(found, dict)
    passages = found["passages"]
    assert isinstance(passages, list)
    assert [passage["heading"] for passage in passages if isinstance(passage, dict)] == ["Delivery times"]


async def test_text_search_finds_nothing_rather_than_anything() -> None:
    assert await use("text_search", query="quantum chromodynamics") == {"passages": []}


LARGE = {
    "csv_lookup": (
        "large.csv",
        b"id,word\n" + b"".join(b"%d,word%d\n" % (n, n % 977) for n in range(90_000)),
        {"column": "word", "value": "word5"},
    ),
    "text_search": ("large.md", b"".join(b"## Part %d\nSome words of part%d here.\n" % (n, n) for n in range(40_000)), {"query": "part5"}),
}


@pytest.mark.parametrize("name", LARGE)
async def test_g07_large_file_is_gone_through_while_the_loop_goes_on(name: str) -> None:
    file, content, arguments = LARGE[name]
    box = toolbox(files={file: content})
    task = asyncio.create_task(box.call(ToolCall(tool=name, arguments={"file": file, "limit": 2, **arguments}), call_context()))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.005)
        turns += 1
    found = await task
    assert isinstance(found, dict)
    assert [len(value) for value in found.values() if isinstance(value, list)] == [2 if name == "csv_lookup" else 1]
    assert turns > 10, "the loop stood still"


@pytest.mark.parametrize(
    ("path", "matches"),
    [("$.orders[0].id", ["a"]), ("$.orders[*].id", ["a", "b"]), ("$..price", [3, 4]), ("$.nothing", []), ("orders[1].price", [4])],
)
async def test_json_query_selects(path: str, matches: list[Json]) -> None:
    data: Json = {"orders": [{"id": "a", "price": 3}, {"id": "b", "price": 4}]}
    assert await use("json_query", data=data, path=path) == {"matches": matches, "count": len(matches)}
    assert await use("json_query", data=json.dumps(data), path=path) == {"matches": matches, "count": len(matches)}


@pytest.mark.parametrize(("data", "path"), [("{not json", "$.a"), ({}, "$.["), ({}, "$[?(@.a ==")])
async def test_json_query_says_what_is_wrong(data: Json, path: str) -> None:
    with pytest.raises(ToolError):
        await use("json_query", data=data, path=path)


async def test_calendar() -> None:
    assert await use("date_time", operation="now") == {
        "iso": "2026-11-22T12:00:00+00:00",
        "date": "2026-11-22",
        "time": "12:00:00",
        "weekday": "Sunday",
        "timezone": "UTC",
    }
    added = await use("date_time", operation="add", date="2026-02-27", days=2)
    assert isinstance(added, dict) and added["date"] == "2026-03-01"
    between = await use("date_time", operation="difference", date="2026-11-22", other_date="2026-12-25")
    assert between == {"days": 33, "hours": 792.0, "seconds": 2851200.0}
    moved = await use("date_time", operation="convert", date="2026-07-01T12:00:00+00:00", timezone="Europe/Berlin")
    assert isinstance(moved, dict) and moved["time"] == "14:00:00"
    day = await use("date_time", operation="weekday", date="2000-01-01")
    assert isinstance(day, dict) and day["weekday"] == "Saturday"


@pytest.mark.parametrize(
    "arguments",
    [
        {"operation": "add", "date": "9999-12-31", "days": 2},
        {"operation": "add", "date": "0001-01-01", "days": -2},
        {"operation": "weekday", "date": "yesterday"},
        {"operation": "now", "timezone": "../../etc/passwd"},
        {"operation": "now", "timezone": "Mars/Olympus"},
        {"operation": "difference", "date": "2026-01-01"},
        {"operation": "explode"},
    ],
)
async def test_calendar_refuses_what_is_not_a_date(arguments: dict[str, Json]) -> None:
    with pytest.raises(ToolError):
        await use("date_time", **arguments)
