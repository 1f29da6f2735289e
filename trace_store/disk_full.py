"""How a full disk, an exhausted quota or a file-size limit shows in what PostgreSQL says."""

# strerror of ENOSPC, EDQUOT and EFBIG. Only the first has an SQLSTATE of its own (53100); what the server says when it
# cannot extend a table carries the hint.
SIGNS = ("No space left on device", "Disk quota exceeded", "File too large", "Check free disk space")


def says_disk_full(text: str) -> bool:
    """Whether a message or a piece of a log tells of a full disk."""
    return any(sign in text for sign in SIGNS)
