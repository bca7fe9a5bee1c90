"""Graphs to start from. Each lives in a folder of its own: the graph, its files, and an input to try it with."""
