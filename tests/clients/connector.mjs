// The exchange's own connector: every call that posrec makes, and the account's stream, which it listens to at /stream.
import assert from 'node:assert/strict';
import {
    BadRequestError,
    DerivativesTradingCoinFutures,
    NotFoundError,
    UnauthorizedError,
} from '@binance/derivatives-trading-coin-futures';
import { connect, data, hearTrade, refuseStrangers, refused } from './connector_shared.mjs';
import { documentedBy } from './documented.mjs';
import { OPENED, books, hearers, sim, waitFor } from './simulator.mjs';

const assertDocumented = documentedBy('@binance/derivatives-trading-coin-futures');

const client = connect(DerivativesTradingCoinFutures);
const rest = client.restAPI;

async function readPublic() {
    const { serverTime } = await data(rest.checkServerTime());
    assert.ok(Math.abs(serverTime - Date.now()) < 2000);
    const answer = await rest.exchangeInformation();
    const { rateLimits, symbols } = await data(answer);
    assertDocumented('ExchangeInformationResponseRateLimitsInner', rateLimits);
    assertDocumented('ExchangeInformationResponseSymbolsInner', symbols);
    const quarterly = symbols.find((symbol) => symbol.symbol === 'ETHUSD_261225');
    assert.deepEqual([quarterly.contractType, quarterly.contractSize], ['CURRENT_QUARTER', 10]);
    const [used] = answer.rateLimits; // as the headers say it
    assert.deepEqual([used.rateLimitType, used.interval, used.intervalNum], ['REQUEST_WEIGHT', 'MINUTE', 1]);
    assert.ok([1, 2].includes(used.count));
}

const isOpened = (row) => row.symbol === OPENED.symbol && row.positionSide === OPENED.side;

async function readPositions(sold) {
    const rows = await data(rest.positionInformation({ pair: 'BTCUSD' }));
    assertDocumented('PositionInformationResponseInner', rows);
    const { positionAmt, entryPrice, updateTime } = rows.find(isOpened);
    assert.deepEqual([positionAmt, entryPrice, updateTime], [String(OPENED.amount), sold.price, sold.time]);
    assert.equal((await data(rest.positionInformation({ marginAsset: 'BTC' }))).length, rows.length);
}

async function readAccount(wallets) {
    const { assets, positions } = await data(rest.accountInformation());
    assertDocumented('AccountInformationResponseAssetsInner', assets);
    assertDocumented('AccountInformationResponsePositionsInner', positions);
    assert.deepEqual(Object.fromEntries(assets.map((row) => [row.asset, row.walletBalance])), wallets);
    assert.equal(positions.find(isOpened).positionAmt, String(OPENED.amount));
}

async function readMoney() {
    await sim('trade', OPENED);
    await sim('transfer', { asset: 'ETH', amount: 1.5 });
    const held = await books();
    const [sold] = held.trades;
    const times = { startTime: sold.time, endTime: Date.now() + 1000 };
    await readPositions(sold);
    await readAccount(held.wallets);
    const trades = await data(rest.accountTradeList({ symbol: OPENED.symbol, ...times }));
    assertDocumented('AccountTradeListResponseInner', trades);
    assert.deepEqual(trades, held.trades);
    assert.deepEqual(await data(rest.accountTradeList({ symbol: OPENED.symbol, fromId: sold.id + 1 })), []);
    const income = await data(rest.getIncomeHistory({ ...times, limit: 1000 }));
    assertDocumented('GetIncomeHistoryResponseInner', income);
    assert.deepEqual(income, held.income);
    const deposits = await data(rest.getIncomeHistory({ incomeType: 'TRANSFER', ...times }));
    assert.deepEqual(deposits.map((row) => [row.asset, row.income]), [['ETH', '1.50000000']]);
}

async function hearOrders(events) {
    const amount = await hearTrade(events, { ...OPENED, amount: 1 }, 'BTC');
    const orders = events.filter((event) => event.e === 'ORDER_TRADE_UPDATE');
    assert.deepEqual(orders.map((event) => event.o.X), ['NEW', 'FILLED']);
    return amount;
}

async function listen() {
    const { listenKey } = await data(rest.startUserDataStream());
    assert.equal((await data(rest.startUserDataStream())).listenKey, listenKey);
    await data(rest.keepaliveUserDataStream());
    const streams = await client.websocketStreams.connect();
    const answers = [];
    const events = [];
    streams.on('message', (text) => answers.push(JSON.parse(text)));
    const stream = streams.userData(listenKey);
    stream.on('message', (event) => events.push(event));
    await waitFor('the answer to SUBSCRIBE', () => answers.some((answer) => answer.result === null));
    assert.equal(await hearOrders(events), '-4');
    await sim('stream', { close: 1001 }); // when it comes back, it names the stream in the URL
    await waitFor('a new connection', async () => (await hearers()) === 1);
    assert.equal(await hearOrders(events), '-3');
    await sim('stream', { expire: 1 });
    await waitFor('listenKeyExpired', () => events.some((event) => event.e === 'listenKeyExpired'));
    await leave(streams, stream);
}

// The key has expired: another comes, and goes as it should.
async function leave(streams, stream) {
    const { listenKey } = await data(rest.startUserDataStream());
    stream.unsubscribe();
    streams.userData(listenKey);
    await waitFor('the new stream', async () => (await hearers()) === 1);
    await data(rest.closeUserDataStream());
    assert.equal(await hearers(), 0);
    await refused(rest.keepaliveUserDataStream(), BadRequestError, 'This listenKey does not exist.');
    await streams.disconnect();
}

async function beRefused() {
    await refuseStrangers(
        DerivativesTradingCoinFutures, { BadRequestError, UnauthorizedError },
        (api, parameters) => api.positionInformation(parameters), (api) => api.accountInformation());
    await refused(rest.accountTradeList({}), BadRequestError, 'Combination of optional parameters invalid.');
    await assert.rejects(rest.orderBook({ symbol: OPENED.symbol }), NotFoundError); // no part of posrec's
}

await readPublic();
await readMoney();
await listen();
await beRefused();
