"""The editor's tests use the same two houses as the walls'."""

from tests.tenants.conftest import alpha, beta, key_file

__all__ = ["alpha", "beta", "key_file"]
