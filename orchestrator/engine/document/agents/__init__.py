"""An agent of a graph document: who it is, how it plans, what it remembers."""
