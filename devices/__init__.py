"""Hardware: drivers, their twins, and the supervisor that keeps them alive."""
