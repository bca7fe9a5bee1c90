"""What tools need of the host: how often a tenant called them, and the files of a run."""
