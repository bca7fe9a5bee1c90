"""Pages and REST API of runs, approvals and costs."""
