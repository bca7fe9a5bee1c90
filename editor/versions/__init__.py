"""Versions: a graph as it runs, frozen."""
