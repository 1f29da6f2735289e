"""The report of a check as JUnit XML, in the form that CI systems read.

One `testsuite` for each limit, one `testcase` in it for each trace. The form is that of the schema that Jenkins' xUnit
plug-in publishes (junit-10.xsd in https://github.com/jenkinsci/xunit-plugin), which other CI systems read too.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from web.gate.limits import LimitResult, TraceResult
from web.gate.report import one_line, violations_text

TITLE_CHARS_MAX = 80
# What XML 1.0 cannot hold, not even as a reference: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[LimitResult]) -> bytes:
    """The whole file."""
    limited = [result for result in results if result.allowed is not None]
    root = ET.Element("testsuites", name="rainbarrel check")
    for result in limited:
        failing = [trace for trace in result.traces if result.is_over and trace.found]
        suite = ET.SubElement(root, "testsuite", name=result.limit.what, tests=str(len(result.traces)))
        suite.attrib.update({"failures": str(len(failing)), "errors": "0", "skipped": "0", "time": "0"})
        for trace in result.traces:
            name = f"{trace.trace_id} {one_line(trace.title, TITLE_CHARS_MAX)}".strip()
            case = ET.SubElement(suite, "testcase", name=_xml(name), time="0")
            case.set("classname", f"rainbarrel.{result.limit.name}")
            if result.is_over and trace.found:
                _add_failure(case, result, trace)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_failure(case: ET.Element, result: LimitResult, trace: TraceResult) -> None:
    message = f"{trace.found:.9g} of {result.found:.9g} {result.limit.what}, at most {result.allowed:.9g} allowed"
    failure = ET.SubElement(case, "failure", message=message, type=result.limit.name)
    failure.text = _xml(violations_text(trace.violations)) or message


def _xml(text: str) -> str:
    return _NO_XML.sub("�", text)
