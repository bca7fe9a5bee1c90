"""Tools that look things up in the files shipped with a graph."""
