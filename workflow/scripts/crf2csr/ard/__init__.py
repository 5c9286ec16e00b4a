"""ARD floor: every number that is shown, once, at full precision."""
