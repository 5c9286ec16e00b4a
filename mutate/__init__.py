"""Faults that a programmer could make, planted one at a time, to see which check catches each."""
