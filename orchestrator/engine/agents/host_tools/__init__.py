"""Tools of agents that the run itself performs, with no call of the host: asking a person, having a graph run."""
