"""Independent double programming: R computes the results again, and the two are compared."""
