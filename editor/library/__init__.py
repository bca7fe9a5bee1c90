"""The agents of a tenant's library."""
