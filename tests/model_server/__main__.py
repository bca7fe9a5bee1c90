"""`python -m tests.model_server --port N`: prints one JSON line with its address, then serves until it is stopped."""

import argparse
import json
import sys
import threading

from tests.model_server.server import ModelServer


def main() -> None:
    parser = argparse.ArgumentParser(description="A local OpenAI-compatible test server")
    parser.add_argument("--port", type=int, default=0)
    port = parser.parse_args().port
    with ModelServer(port=port) as server:
        sys.stdout.write(json.dumps({"url": server.url, "base": server.base}) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
