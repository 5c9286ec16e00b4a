"""ADaM floor: what may be analysed."""
