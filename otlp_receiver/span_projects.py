"""The span attribute `raindrop.project_id`: it puts one span into another project than that of its request.

It counts only for projects that the request's key opens; a span that names another one stays where its request goes,
and the sender is told. Source: Raindrop's clients set it where one process serves several projects.
"""

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otlp_receiver.access import Access, AccessControl
from otlp_receiver.decoded import DecodedTraces
from otlp_receiver.exceptions import BadProject, PermissionDenied

ATTRIBUTE = "raindrop.project_id"
SLUGS_MAX = 20  # of one request
_ATTRIBUTE_BYTES = ATTRIBUTE.encode()
KEPT = "spans whose raindrop.project_id names a project that this key does not open are kept in the request's project"


async def move_to_named_projects(decoded: DecodedTraces, control: AccessControl, access: Access) -> None:
    """Give each span that names a project that project's id. Raises StoreUnavailable when one cannot be looked up."""
    project_ids: dict[str, int | None] = {"": access.project_id}
    for position, span in enumerate(decoded.spans):
        if _ATTRIBUTE_BYTES not in span.otlp:  # nearly always: the bytes are not parsed again
            continue
        slug = _named_project(span.otlp)
        if slug not in project_ids:
            known = len(project_ids) <= SLUGS_MAX
            project_ids[slug] = await _project_id(control, access, slug) if known else None
        project_id = project_ids[slug]
        if project_id is None:
            decoded.warnings.add(KEPT)
        elif project_id != span.project_id:
            decoded.spans[position] = span._replace(project_id=project_id)


async def _project_id(control: AccessControl, access: Access, slug: str) -> int | None:
    try:
        return (await control.in_project(access.holder, slug, may_create=True)).project_id
    except (BadProject, PermissionDenied):
        return None


def _named_project(otlp: bytes) -> str:
    """The value of the attribute; "" when the words stand elsewhere in the span."""
    for attribute in Span.FromString(otlp).attributes:
        if attribute.key == ATTRIBUTE:
            return str(attribute.value.string_value).strip()
    return ""
