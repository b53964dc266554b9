"""Ways to tell strange rows from usual ones, one file each; a new one is a line in `UNSUPERVISED`."""
