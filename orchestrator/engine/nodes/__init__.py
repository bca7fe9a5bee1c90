"""The kinds of nodes: one module each, found by their `KIND`."""
