"""The graph document: what a person draws, whether it can run, and the expressions in it."""
