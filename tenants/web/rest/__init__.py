"""The REST API of this room, a module for each noun, and how the REST API of every room is described in OpenAPI."""
