from tests.faults.fixtures import processes, sink

__all__ = ["processes", "sink"]
