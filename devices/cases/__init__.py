"""For each driver its twin on a bench, so that `genba driver check` can hold it to its promises."""
