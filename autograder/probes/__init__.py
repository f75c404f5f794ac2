"""Code without secrets that checks send into the student's process: small models, recorders, samplers. Each module stands on its own."""
