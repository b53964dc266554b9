"""The documents of a delivery: summary, HTML report, model card, notebook, configuration.

All of them are functions of one `ReportFacts` (facts.py), which holds plain numbers and nothing computed later, so two
documents never disagree. Every block of numbers names the journal event that it came from. A new document is one new
file with one function `facts -> str` and, if it is text, one template.
"""
