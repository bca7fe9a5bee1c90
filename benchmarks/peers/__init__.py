"""Other systems that do the same work, a module each; measured where they are installed."""
