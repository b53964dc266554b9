"""From a run's artifacts to the facts of its documents; each number with the journal event that it came from."""
