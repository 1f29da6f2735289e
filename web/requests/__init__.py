"""What every request meets before and after its handler: rights, bounds, headers, bodies, errors."""
