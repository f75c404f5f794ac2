"""The instructor's package: release, jail, judge, misconceptions, nbgrader steps, exports, command line."""
