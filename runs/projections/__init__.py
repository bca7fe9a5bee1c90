"""What is read from the log in the writer's transaction: run columns, approvals, model uses."""
