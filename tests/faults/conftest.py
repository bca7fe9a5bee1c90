from tests.faults.fixtures import processes, sink
from tests.runs.fixtures import broker, database, database_templates, lender, one_database, postgres, service_folder, valkey, worker

__all__ = ["broker", "database", "database_templates", "lender", "one_database", "postgres", "processes", "service_folder", "sink", "valkey", "worker"]
