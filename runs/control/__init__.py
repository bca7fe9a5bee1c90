"""What people tell runs: start, pause, resume, cancel, answer; and the wake-ups that follow."""
