"""Kill -9 at random instants: nothing is lost, nothing is said twice."""
