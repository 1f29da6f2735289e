"""The redactors of all projects, kept fresh: every process reads what was saved and compiles what has changed."""

from typing import Any

import psycopg

from otlp_receiver.redaction.redactor import Redactor
from otlp_receiver.redaction.rules import BadRedactionRule, read_rules
from trace_store.access_keys import shared_secret
from trace_store.exceptions import StoreUnavailable
from trace_store.redaction_rules import SECRET, read_newest_rules


class Redactors:
    """By project; a project without rules is not in it."""

    def __init__(self) -> None:
        self.by_project: dict[int, Redactor] = {}
        self._versions: dict[int, int] = {}
        self._secret = b""

    async def read(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Puts in force what was saved. StoreUnavailable where rules cannot be used: nothing is stored without them."""
        saved = await read_newest_rules(connection, self._versions)
        if not saved:
            return
        self._secret = self._secret or await shared_secret(connection, SECRET)
        for each in saved:
            try:
                rules = read_rules(each.rules)
            except BadRedactionRule as error:
                raise StoreUnavailable(f"Redaction of project {each.project_id}: {error}") from error
            changed = {key: value for key, value in self.by_project.items() if key != each.project_id}
            if rules:
                changed[each.project_id] = Redactor(rules, each.project_id, self._secret)
            self.by_project = changed
            self._versions[each.project_id] = each.version
