"""Orders from the day they come in: accepted, changed, held, merged, cancelled, shown."""
