"""Families that learn the order of the rows of a query, one file each; registered in `models/rankers.py`.

They are given each row's query beside its grade. The number of rounds is one of their parameters: a part set aside to
stop by would hold few queries, and the best round on few queries is chance.
"""
