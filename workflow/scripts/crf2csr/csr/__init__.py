"""CSR floor: the appendix."""
