"""Lock a study's run, and verify a lock: the same inputs give the same bytes, on another machine too."""
