"""Who may write a run's log: a worker claims, renews and gives back its leases here."""
