"""Errors, registries, traits, seeds and meters: what every other room stands on. Imports nothing of ours."""
