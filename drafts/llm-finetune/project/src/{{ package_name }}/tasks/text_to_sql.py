"""Text to SQL: an answer is right when its result is the reference's, in the real database.

Fields: `question`, `sql`, and either `schema` (statements of CREATE TABLE and INSERT, run in
memory) or `database` (a SQLite file in `data.databases`); `group`, `domain` and `complexity` may
be there. Results are the same when they have the same rows as often, with the same columns in the
same order; the order of the rows counts only where the reference asks for one.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from .base import Options, Record, Row, RowError, Task, chat, row_id
from .sandbox import Database, QueryError, Result

SYSTEM = "You write one SQLite query that answers the question. Reply with the query only."

_FENCE = re.compile(r"```(?:\w+)?\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_LEAD = re.compile(r"\A(?:sql(?:ite)?(?: query)?|query|answer)\s*:\s*", re.IGNORECASE)
_STRING = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_JOIN = re.compile(r"\bjoin\b|\bfrom\s+\w+(?:\s+(?:as\s+)?\w+)?\s*,", re.IGNORECASE)
_SELECT = re.compile(r"\bselect\b", re.IGNORECASE)
_AGGREGATE = re.compile(r"\b(?:count|sum|avg|min|max|total)\s*\(", re.IGNORECASE)


class TextToSql(Task):
    """Execution accuracy in a sandboxed SQLite; `parses` says whether the query is one at all."""

    name = "text_to_sql"
    primary = "execution_accuracy"
    fields = ("question", "sql", "schema", "database", "group", "domain", "complexity")

    def __init__(self, options: Options | None = None) -> None:
        super().__init__(options)
        # One reference is compared with the answer of every system.
        self._reference = lru_cache(maxsize=4096)(self._run_reference)

    def row(self, record: Record) -> Row:
        """A row whose reference query runs. Raises RowError where it does not."""
        question, sql = self.text(record, "question"), self.text(record, "sql")
        database = self.text(record, "database", required=False)
        script = self.text(record, "schema", required=not database)
        meta = {"question": question}
        if database:
            meta["database"] = database
        else:
            meta["script"] = script
        schema = self._shown(database, script)
        prompt = chat(SYSTEM, f"Schema:\n{schema}\n\nQuestion: {question}")
        query = first_statement(sql)
        try:
            result = self._reference(database, script, query)
        except QueryError as error:
            raise RowError(f"the reference query does not run: {error}") from None
        meta["result"] = "rows" if _tells(result) else "empty"
        for field in ("domain", "complexity"):
            if value := self.text(record, field, required=False):
                meta[field] = value
        group = self.text(record, "group", required=False) or normalised(query)
        return Row(row_id(prompt, query), prompt, query, group, meta)

    def score(self, row: Row, output: str) -> dict[str, float]:
        """Execution accuracy, whether it parses, and whether it is the reference word for word."""
        query = extract(output)
        right = parses = False
        if query:
            try:
                with self._open(row.meta.get("database", ""), row.meta.get("script", "")) as opened:
                    parses = opened.parses(query)
                    found = opened.run(query) if parses else None
                right = found is not None and same(
                    found,
                    self._reference(
                        row.meta.get("database", ""), row.meta.get("script", ""), row.answer
                    ),
                    ordered=is_ordered(row.answer),
                )
            except QueryError:
                pass
        return {
            "execution_accuracy": float(right),
            "parses": float(parses),
            "exact_match": float(normalised(query) == normalised(row.answer)),
        }

    def slices(self, row: Row) -> dict[str, str]:
        """Domain and complexity where the data tell them; else what the reference is made of."""
        cuts: dict[str, str] = {
            name: row.meta[name] for name in ("domain", "complexity") if name in row.meta
        }
        cuts["joins"] = "several tables" if _JOIN.search(row.answer) else "one table"
        cuts["aggregate"] = "yes" if _AGGREGATE.search(row.answer) else "no"
        cuts["subquery"] = "yes" if len(_SELECT.findall(row.answer)) > 1 else "no"
        cuts["result"] = row.meta.get("result", "rows")
        return cuts

    def _open(self, database: str, script: str) -> Database:
        if not database:
            return Database(script=script, timeout_s=self.options.timeout_s)
        return Database(file=self._path(database), timeout_s=self.options.timeout_s)

    def _path(self, database: str) -> Path:
        """The file of that name. Raises QueryError; a name never leads out of the folder."""
        folder = self.options.databases
        if folder is None:
            raise QueryError("data.databases does not say in which folder its database is")
        if not re.fullmatch(r"[\w .-]+", database) or database.startswith("."):
            raise QueryError(f"{database!r} is no name of a database")
        for name in (database, f"{database}.sqlite", f"{database}.db"):
            for path in (folder / name, folder / database / name):
                if path.is_file():
                    return path
        raise QueryError(f"there is no database {database} in {folder}")

    def _run_reference(self, database: str, script: str, query: str) -> Result:
        with self._open(database, script) as opened:
            return opened.run(query)

    def _shown(self, database: str, script: str) -> str:
        """The CREATE statements that the prompt shows: never the data."""
        try:
            return self._schema(database, script)
        except QueryError as error:
            raise RowError(f"its database does not open: {error}") from None

    @lru_cache(maxsize=1024)  # noqa: B019 a task lives as long as the run
    def _schema(self, database: str, script: str) -> str:
        with self._open(database, script) as opened:
            made = opened.run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        tables = [str(sql) for (sql,) in made.rows if not _INDEX.match(str(sql))]
        if not tables:
            raise QueryError("it has no tables")
        return "\n".join(_BLANK.sub(" ", sql).strip() for sql in tables)


_INDEX = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?(?:INDEX|TRIGGER)\b", re.IGNORECASE)
_AROUND = re.compile(r"\s*([(),=<>])\s*")
_BLANK = re.compile(r"\s+")


def extract(output: str) -> str:
    """The query in an answer: out of its code fence if it has one, the first statement, no `;`.

    Wrapping the right query politely is not an error in SQL; the base model is given that too.
    """
    fenced = _FENCE.search(output)
    text = (fenced.group(1) if fenced else output).strip()
    return first_statement(_LEAD.sub("", text))


def first_statement(text: str) -> str:
    """What stands before the first `;` that is not inside quotes."""
    # Quoted parts are blanked at the same length, so that positions stay.
    blanked = _STRING.sub(lambda found: "x" * len(found.group()), text)
    return text[: blanked.index(";")].strip() if ";" in blanked else text.strip()


def normalised(query: str) -> str:
    """Lower case outside quotes and single blanks: for comparing the text of two queries."""
    at = 0
    parts = []
    for quoted in [*_STRING.finditer(query), None]:
        plain = query[at : quoted.start() if quoted else None].lower()
        parts.append(_BLANK.sub(" ", _AROUND.sub(r"\1", plain)))
        if quoted:
            parts.append(quoted.group())
            at = quoted.end()
    return "".join(parts).strip(" ;")


def is_ordered(query: str) -> bool:
    """Whether its outermost SELECT has an ORDER BY."""
    depth, kept = 0, []
    for character in _STRING.sub("x", query):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            kept.append(character)
    return re.search(r"\border\s+by\b", "".join(kept), re.IGNORECASE) is not None


def same(found: Result, right: Result, *, ordered: bool) -> bool:
    """Whether two results hold the same rows, as often; numbers agree to 6 significant digits."""
    if found.columns != right.columns or len(found.rows) != len(right.rows):
        return False
    one, two = _comparable(found.rows), _comparable(right.rows)
    return one == two if ordered else Counter(one) == Counter(two)


def _comparable(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(_value(value) for value in row) for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(f"{value:.6g}")
    return value


def _tells(result: Result) -> bool:
    """Whether a result can tell a right query from one that finds nothing."""
    return any(value is not None for row in result.rows for value in row)
