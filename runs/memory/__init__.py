"""What agents remember across runs: kept, found again, corrected, let go; each tenant's apart."""
