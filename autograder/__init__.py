"""The instructor's package: release, jail, judge, misconceptions, nbgrader steps, exports, command line."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # jsonschema would compile a grammar of web addresses with it, for a second; no notebook has any to check
