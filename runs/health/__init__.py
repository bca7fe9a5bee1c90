"""What workers and schedulers say of themselves, where any process can read it."""
