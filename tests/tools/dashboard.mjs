// Whether a dashboard is of the form that Grafana's own schema says, as the compiler sees it.
//
//     dashboard.mjs FILE
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

// JSON has texts where the schema has enums.
const HEAD = `import type { Dashboard } from "@grafana/schema";
type Json<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Json<U>[] :
    T extends object ? { [K in keyof T]: Json<T[K]> } : T;
export const dashboard: Json<Dashboard> =
`;
const NAME = fileURLToPath(new URL("dashboard.ts", import.meta.url)); // beside the packages
const options = { noEmit: true, strict: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022 };
const host = ts.createCompilerHost(options);
const { readFile, fileExists } = host;
host.readFile = (name) => (name === NAME ? HEAD + readFileSync(process.argv[2], "utf8") : readFile(name));
host.fileExists = (name) => name === NAME || fileExists(name);
const faults = ts.getPreEmitDiagnostics(ts.createProgram([NAME], options, host));
for (const fault of faults) {
    console.log(ts.flattenDiagnosticMessageText(fault.messageText, "\n").slice(0, 300));
}
process.exit(faults.length > 0 ? 1 : 0);
