// ccxt: every call that posrec makes, as ccxt reads it, and the account's stream by its WebSocket part.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';
import { MAIN, OPENED, SIGNERS, SIM, STREAMS, books, hearers, sim, told, waitFor, withClock } from './simulator.mjs';

const SYMBOL = 'BTC/USD:BTC'; // as ccxt calls OPENED.symbol

function connect({ key, secret }) {
    const client = new ccxt.pro.binancecoinm({ apiKey: key, secret, enableRateLimit: false });
    // Nothing of it may ask another host.
    for (const [name, url] of Object.entries(client.urls.api)) {
        client.urls.api[name] = typeof url === 'string' ? `${SIM}${new URL(url).pathname}` : undefined;
    }
    client.urls.api.ws = { delivery: `${STREAMS}/ws` };
    client.has.fetchCurrencies = false; // a call of another product
    client.options.leverageBrackets = {}; // a call that posrec does not make
    client.options.watchPositions = { fetchPositionsSnapshot: false }; // what the stream says, alone
    return client;
}

const client = connect(MAIN);

async function readPublic() {
    assert.ok(Math.abs((await client.fetchTime()) - Date.now()) < 2000);
    const markets = await client.loadMarkets();
    assert.equal(markets[SYMBOL].id, OPENED.symbol);
    assert.equal(markets[SYMBOL].contractSize, 100);
    assert.equal(markets['ETH/USD:ETH-261225'].expiryDatetime, '2026-12-25T08:00:00.000Z');
    for (const { active, inverse, limits, precision } of Object.values(markets)) {
        assert.deepEqual([active, inverse], [true, true]);
        assert.deepEqual([limits.amount.min, precision.amount, precision.price], [1, 1, 0.1]);
    }
}

async function readPosition(sold) {
    const positions = await client.fetchPositionsRisk();
    const position = positions.find((row) => row.symbol === SYMBOL && row.side === 'short');
    assert.deepEqual(
        [position.contracts, position.entryPrice, position.timestamp, position.hedged, position.info.positionAmt],
        [5, Number(sold.price), sold.time, true, '-5']);
}

async function readMoney() {
    await sim('trade', OPENED);
    await sim('transfer', { asset: 'ETH', amount: 1.5 });
    const held = await books();
    const [sold] = held.trades;
    const until = Date.now() + 1000;
    await readPosition(sold);
    const balance = await client.fetchBalance();
    assert.deepEqual(
        Object.fromEntries(balance.info.assets.map((row) => [row.asset, row.walletBalance])), held.wallets);
    const trades = await client.fetchMyTrades(SYMBOL, sold.time, undefined, { until });
    assert.deepEqual(
        trades.map((row) => [row.id, row.side, row.price, row.amount, row.fee.cost, row.fee.currency]),
        [[String(sold.id), 'sell', Number(sold.price), 5, Number(sold.commission), 'BTC']]);
    const ledger = await client.fetchLedger(undefined, sold.time, 1000, { until });
    assert.deepEqual(
        ledger.map((row) => [row.id, row.currency, row.direction === 'out' ? -row.amount : row.amount]),
        held.income.map((row) => [row.tranId, row.asset, Number(row.income)]));
}

async function listen() {
    await client.loadHttpProxyAgent(); // without it there is no ws://
    const watched = [client.watchPositions(), client.watchBalance(), client.watchMyTrades(SYMBOL)];
    await waitFor('the stream', async () => (await hearers()) === 1);
    await sim('trade', { ...OPENED, amount: 2 });
    const [[position], balance, [bought]] = await Promise.all(watched);
    const held = await books();
    const trade = held.trades.at(-1);
    assert.deepEqual(
        [position.symbol, position.side, position.contracts, position.info.pa, position.timestamp],
        [SYMBOL, 'short', 3, '-3', (await told('ACCOUNT_UPDATE')).E]);
    assert.equal(balance.BTC.total, Number(held.wallets.BTC));
    assert.deepEqual(
        [bought.id, bought.side, bought.amount, bought.price, bought.fee.cost],
        [String(trade.id), 'buy', 2, Number(trade.price), Number(trade.commission)]);
    await client.keepAliveListenKey();
    assert.equal(await hearers(), 1);
    await client.dapiPrivateDeleteListenKey();
    assert.equal(await hearers(), 0);
    await assert.rejects(client.dapiPrivatePutListenKey(), /"code":-1125,/);
    await client.close();
}

function refused(answer, kind, code) {
    return assert.rejects(answer, (error) => error instanceof kind && error.message.includes(`"code":${code},`));
}

async function beRefused() {
    const other = { ...MAIN, secret: 'another' };
    const unknown = { ...MAIN, key: 'unknown' };
    const positions = (parameters) => client.dapiPrivateGetPositionRisk(parameters);
    await refused(connect(other).fetchBalance(), ccxt.AuthenticationError, -1022);
    await refused(connect(unknown).fetchBalance(), ccxt.AuthenticationError, -2015);
    await withClock(-5000, () => refused(positions(), ccxt.InvalidNonce, -1021));
    await withClock(15000, () => refused(positions(), ccxt.InvalidNonce, -1021)); // its recvWindow is of 10 s
    await withClock(15000, () => positions({ recvWindow: 30000 }));
}

async function signByPrivateKeys() {
    for (const signer of SIGNERS) {
        assert.ok((await connect(signer).fetchBalance()).info.assets.length > 0);
    }
}

await readPublic();
await readMoney();
await listen();
await beRefused();
await signByPrivateKeys();
process.exit(); // its timers would go on
