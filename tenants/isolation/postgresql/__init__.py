"""Django's PostgreSQL backend with row-level security told for whom each query is."""
