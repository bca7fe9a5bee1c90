"""The processes of one machine: who starts them, what they run in, whether they do their work."""
