"""A program that uses the REST API with a key, over real HTTP."""

import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of a response."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class ApiClient:
    """`path` is what follows /api/v1/."""

    port: int
    key: str = ""

    def send(self, method: str, path: str, content: bytes = b"", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if content:
            own["Content-Type"] = "application/json"
        try:
            connection.request(method, f"/api/v1/{path}", body=content, headers={**own, **headers})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, expected: int = 200) -> Any:
        answer = self.send("GET", path)
        assert answer.status == expected, answer.content[:2000]
        return answer.json

    def post(self, path: str, body: Any, expected: int) -> Any:
        answer = self.send("POST", path, json.dumps(body, ensure_ascii=False).encode())
        assert answer.status == expected, answer.content[:2000]
        return answer.json

    def put(self, path: str, body: Any, expected: int) -> Any:
        answer = self.send("PUT", path, json.dumps(body, ensure_ascii=False).encode())
        assert answer.status == expected, answer.content[:2000]
        return answer.json
