"""Kinds of nodes that take files apart."""
