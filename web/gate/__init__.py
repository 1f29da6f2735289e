"""`rainbarrel check`: derived traces against limits, and the report of it as text, JSON and JUnit XML."""
