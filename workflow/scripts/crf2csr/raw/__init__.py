"""Raw floor: what was exported, staged cell by cell without loss."""
