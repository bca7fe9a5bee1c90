"""Executes a graph over its log: what is due, what is performed, what is recorded."""
