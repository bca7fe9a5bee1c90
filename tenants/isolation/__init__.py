"""The wall between tenants: scope, managers, row-level security."""
