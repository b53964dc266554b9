"""Ways to group rows that nobody has labelled, one file each; a new one is a line in `UNSUPERVISED`."""
