"""Writes the rows of a CSV file as JSON lines with DuckDB on one thread: python duckdb_lines.py FILE infer|text OUT."""
import sys

import duckdb

if __name__ == "__main__":
    path, types, out = sys.argv[1:]
    connection = duckdb.connect(config={"threads": 1})
    text = ", all_varchar = true" if types == "text" else ""
    connection.execute(f"COPY (FROM read_csv('{path}'{text})) TO '{out}' (FORMAT json)")
