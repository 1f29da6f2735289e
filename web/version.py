"""The version of the installed distribution."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Such as 0.1.0; "unknown" when the packages were not installed."""
    try:
        return version("rainbarrel")
    except PackageNotFoundError:
        return "unknown"
