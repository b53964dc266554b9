"""Planners: they turn a brief into a plan and revise it by what came out. `deliver` is the loop they run in.

To add a planner: one file with a class that has `plan`, `revise` and `recover`.
"""
