"""Inline SVG plots: small, responsive, in the page's own colours (so light and dark both work), with a title each."""
