"""How things are measured: processes and databases to measure in, races between contenders, figures and their table."""
