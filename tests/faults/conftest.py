from tests.runs.fixtures import database, database_templates, postgres, service_folder, valkey

__all__ = ["database", "database_templates", "postgres", "service_folder", "valkey"]
