"""Files among the data of a graph: what kinds there are, and how an input form asks for one."""
