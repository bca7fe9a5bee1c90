"""The process that executes runs: its loop, its duties, the resources a tenant lends."""
