"""The website: pages, panels and their weights, and the build that puts them together."""
