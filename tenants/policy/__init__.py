"""Which agent may use which tool: identities, rights and the tenant's policy."""
