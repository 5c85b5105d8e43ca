"""`make bench`: measures on this machine, each beside an alternative that was measured in the same run."""
