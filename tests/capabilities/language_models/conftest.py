from tests.model_server.fixture import model_server, running_model_server

__all__ = ["model_server", "running_model_server"]
