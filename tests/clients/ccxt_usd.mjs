// ccxt: every call that posrec makes of USD-M, as ccxt reads it, and the account's stream by its WebSocket part.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';
import { MAIN, OPENED_USD, SIM, STREAMS, books, hearers, sim, waitFor } from './simulator.mjs';

const SYMBOL = 'BTC/USDT:USDT'; // as ccxt calls OPENED_USD.symbol

function connect({ key, secret }) {
    const client = new ccxt.pro.binanceusdm({ apiKey: key, secret, enableRateLimit: false });
    // Nothing of it may ask another host.
    for (const [name, url] of Object.entries(client.urls.api)) {
        client.urls.api[name] = typeof url === 'string' ? `${SIM}${new URL(url).pathname}` : undefined;
    }
    client.urls.api.ws = { future: `${STREAMS}/ws` };
    client.has.fetchCurrencies = false; // a call of another product
    client.options.leverageBrackets = {}; // a call that posrec does not make
    client.options.watchPositions = { fetchPositionsSnapshot: false }; // what the stream says, alone
    client.options.watchBalance = { fetchBalanceSnapshot: false };
    return client;
}

const client = connect(MAIN);
const held = () => books('usd-m');

async function readPublic() {
    assert.ok(Math.abs((await client.fetchTime()) - Date.now()) < 2000);
    const markets = await client.loadMarkets();
    assert.equal(markets[SYMBOL].id, OPENED_USD.symbol);
    assert.equal(markets[SYMBOL].contractSize, 1);
    assert.equal(markets['BTC/USDT:USDT-261225'].expiryDatetime, '2026-12-25T08:00:00.000Z');
    assert.equal(markets['币安人生/USDT:USDT'].id, '币安人生USDT');
    for (const { active, linear } of Object.values(markets)) {
        assert.deepEqual([active, linear], [true, true]);
    }
}

async function readMoney() {
    await sim('trade', OPENED_USD);
    await sim('transfer', { product: 'usd-m', asset: 'USDC', amount: 1.5 });
    const { trades: [sold], income, wallets } = await held();
    const until = Date.now() + 1000;
    const positions = await client.fetchPositionsRisk(undefined, { useV2: false });
    const position = positions.find((row) => row.symbol === SYMBOL && row.side === 'short');
    assert.deepEqual(
        [position.contracts, position.entryPrice, position.timestamp, position.hedged, position.info.positionAmt],
        [0.005, Number(sold.price), sold.time, true, '-0.005']);
    const balance = await client.fetchBalance();
    assert.deepEqual(
        Object.fromEntries(balance.info.assets.map((row) => [row.asset, row.walletBalance])), wallets);
    const trades = await client.fetchMyTrades(SYMBOL, sold.time, undefined, { until });
    assert.deepEqual(
        trades.map((row) => [row.id, row.side, row.price, row.amount, row.cost, row.fee.cost, row.fee.currency]),
        [[String(sold.id), 'sell', Number(sold.price), 0.005, Number(sold.quoteQty), Number(sold.commission), 'USDT']]);
    const ledger = await client.fetchLedger(undefined, sold.time, 1000, { until });
    assert.deepEqual(
        ledger.map((row) => [row.id, row.currency, row.direction === 'out' ? -row.amount : row.amount]),
        income.map((row) => [String(row.tranId), row.asset, Number(row.income)]));
    const named = await client.fetchMyTrades('币安人生/USDT:USDT', sold.time, undefined, { until });
    assert.deepEqual(named, []);
}

async function listen() {
    await client.loadHttpProxyAgent(); // without it there is no ws://
    const watched = [client.watchPositions(), client.watchBalance(), client.watchMyTrades(SYMBOL)];
    await waitFor('the stream', async () => (await hearers()) === 1);
    await sim('trade', { ...OPENED_USD, amount: 0.002 });
    const [[position], balance, [bought]] = await Promise.all(watched);
    const { trades, wallets } = await held();
    const trade = trades.at(-1);
    assert.deepEqual([position.symbol, position.side, position.contracts, position.info.pa], [SYMBOL, 'short', 0.003, '-0.003']);
    assert.equal(balance.USDT.total, Number(wallets.USDT));
    assert.deepEqual(
        [bought.id, bought.side, bought.amount, bought.price, bought.fee.cost],
        [String(trade.id), 'buy', 0.002, Number(trade.price), Number(trade.commission)]);
    await client.keepAliveListenKey();
    assert.equal(await hearers(), 1);
    await client.fapiPrivateDeleteListenKey();
    assert.equal(await hearers(), 0);
    await assert.rejects(client.fapiPrivatePutListenKey(), /"code":-1125,/);
    await client.close();
}

async function beRefused() {
    const refused = (answer, kind, code) =>
        assert.rejects(answer, (error) => error instanceof kind && error.message.includes(`"code":${code},`));
    await refused(connect({ ...MAIN, secret: 'another' }).fetchBalance(), ccxt.AuthenticationError, -1022);
    await refused(connect({ ...MAIN, key: 'unknown' }).fetchBalance(), ccxt.AuthenticationError, -2015);
}

await readPublic();
await readMoney();
await listen();
await beRefused();
process.exit(); // its timers would go on
