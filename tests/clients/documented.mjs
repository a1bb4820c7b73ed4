// What the exchange's connector documents of its answers, as its declarations have it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const main = createRequire(import.meta.url).resolve('@binance/derivatives-trading-coin-futures');
const text = readFileSync(main.replace(/\.js$/, '.d.ts'), 'utf8');

// The fields of an answer with their kinds.
function fields(name) {
    const body = text.match(new RegExp(`^interface ${name} \\{\\n([^]*?)^\\}`, 'm'));
    assert.ok(body, name);
    return [...body[1].matchAll(/^ {4}'?(\w+)'?\?: (.*);$/gm)].map(([, field, kind]) => [field, kind]);
}

const kindOf = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

// Each row has each documented field, as what it is documented to be.
export function assertDocumented(name, rows) {
    const documented = fields(name);
    assert.ok(rows.length > 0 && documented.length > 0, name);
    for (const row of rows) {
        for (const [field, kind] of documented) {
            assert.equal(kindOf(row[field]), kind.startsWith('Array<') ? 'array' : kind, `${name}.${field}`);
        }
    }
}
