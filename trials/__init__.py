"""The front door on trial: the shipped export is corrupted, one way at a time, and each way meets its reaction."""
