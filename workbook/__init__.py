"""The library that every notebook of *From Bottleneck to Noise* imports."""

__version__ = "0.1.0"
