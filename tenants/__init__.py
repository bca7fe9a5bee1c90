"""Who may see and do what: people, the wall between tenants, policy, secrets."""
