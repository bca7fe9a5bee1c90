"""Files that a run writes and reads: kept with the run, by name, never by path."""
