"""The loops of a document: where they are, that each has a limit, and how often one leads into another."""
