// What the exchange's connectors document of its answers, as their declarations have it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// The fields of an answer with their kinds.
function fields(text, name) {
    const body = text.match(new RegExp(`^interface ${name} \\{\\n([^]*?)^\\}`, 'm'));
    assert.ok(body, name);
    return [...body[1].matchAll(/^ {2,4}'?(\w+)'?\?: (.*);$/gm)].map(([, field, kind]) => [field, kind]);
}

const kindOf = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

// Of a connector: whether each row has each documented field, as what it is documented to be.
export function documentedBy(connector) {
    const main = createRequire(import.meta.url).resolve(connector);
    const text = readFileSync(main.replace(/\.js$/, '.d.ts'), 'utf8');
    return (name, rows) => {
        const documented = fields(text, name);
        assert.ok(rows.length > 0 && documented.length > 0, name);
        for (const row of rows) {
            for (const [field, kind] of documented) {
                const expected = kind.startsWith('Array<') ? 'array' : kind.replace(' | bigint', '');
                assert.equal(kindOf(row[field]), expected, `${name}.${field}`);
            }
        }
    };
}
