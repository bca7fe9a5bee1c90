"""Drawing and keeping: graphs, their versions, the agents of the library."""
