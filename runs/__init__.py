"""Executing and watching: the log, the workers, what people tell runs, what they see of them."""
