"""Pages, REST API and middleware of this room."""
