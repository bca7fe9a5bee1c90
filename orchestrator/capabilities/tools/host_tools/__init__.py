"""Tools that the run itself performs: what is told of them."""
