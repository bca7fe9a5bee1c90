"""Which nodes are due, and which edges they take: functions of the graph and of what has ended."""
