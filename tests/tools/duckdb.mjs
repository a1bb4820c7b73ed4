// DuckDB as its own shell reads a file: runs the statements of standard input, and prints the columns with their types and
// the rows of each as a line of JSON.
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const connection = await (await DuckDBInstance.create(":memory:")).connect();
const statements = await connection.extractStatements(readFileSync(0, "utf8"));
for (let i = 0; i < statements.count; i++) {
    const result = await (await statements.prepare(i)).runAndReadAll();
    const columns = result.columnNames().map((name, at) => [name, String(result.columnType(at))]);
    console.log(JSON.stringify({ columns, rows: result.getRowsJson() }));
}
