// What the clients' scripts share: the simulator's admin paths, and what it holds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const SIM = process.env.SIM;
export const STREAMS = SIM.replace(/^http/, 'ws');

// The accounts: `main` signs by HMAC, the others by private keys.
export const MAIN = { key: process.env.KEY, secret: process.env.SECRET };
export const SIGNERS = ['rsa', 'ed25519'].map((name) => ({
    key: `${name}-key`,
    secret: readFileSync(`${name}.pem`, 'utf8'),
}));

// A trade that opens a leg which was flat, of COIN-M and of USD-M.
export const OPENED = { symbol: 'BTCUSD_PERP', side: 'SHORT', amount: -5 };
export const OPENED_USD = { product: 'usd-m', symbol: 'BTCUSDT', side: 'SHORT', amount: -0.005 };

async function ask(path) {
    const answer = await fetch(`${SIM}/sim/${path}`);
    assert.equal(answer.status, 200, path);
    return answer.text();
}

// Of account main: `sim('transfer', { asset: 'BTC', amount: 1 })`.
export function sim(path, parameters = {}) {
    return ask(`${path}?${new URLSearchParams({ account: 'main', ...parameters })}`);
}

export const books = async (product = 'coin-m') => JSON.parse(await sim('books', { product }));

// How many connections messages go to.
export const hearers = async () => Number(await ask('streams'));

// What the stream told last, of this event.
export async function told(event) {
    const lines = (await ask('messages')).trim().split('\n').map((line) => JSON.parse(line));
    return lines.findLast((line) => line.fate === 'sent' && line.message.e === event).message;
}

// While `work` goes on, the exchange's clock is so far off the machine's.
export async function withClock(offset, work) {
    await ask(`clock?offset_ms=${offset}`);
    await work();
    await ask('clock?offset_ms=0');
}

export async function waitFor(what, condition) {
    for (const end = Date.now() + 20000; Date.now() < end; ) {
        if (await condition()) {
            return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`waited in vain for ${what}`);
}
