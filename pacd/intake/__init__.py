"""Says that something may have changed here; never decides."""
