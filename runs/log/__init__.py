"""The log of a run in the database: who writes it, in which transaction, and how it is read."""
