"""Who may write a run's log: claims, renewals, releases."""
