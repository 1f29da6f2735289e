"""What people set for a project, and trials of it on what is stored: mappings, tool rules, redaction, prices."""
