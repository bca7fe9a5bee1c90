"""Reading databases: a file that came with the graph, or a server of the workspace."""
