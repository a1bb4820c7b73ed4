// The exchange's own connector: every call that posrec makes, and the account's stream, which it listens to at /stream.
import assert from 'node:assert/strict';
import {
    BadRequestError,
    DerivativesTradingCoinFutures,
    NotFoundError,
    UnauthorizedError,
} from '@binance/derivatives-trading-coin-futures';
import { documentedBy } from './documented.mjs';
import { MAIN, OPENED, SIGNERS, SIM, STREAMS, books, hearers, sim, told, waitFor, withClock } from './simulator.mjs';

const assertDocumented = documentedBy('@binance/derivatives-trading-coin-futures');

function connect({ key, secret }) {
    const signer = secret.startsWith('-----BEGIN') ? { privateKey: secret } : { apiSecret: secret };
    return new DerivativesTradingCoinFutures({
        configurationRestAPI: { apiKey: key, ...signer, basePath: SIM, retries: 0, timeout: 10000 },
        configurationWebsocketStreams: { wsURL: STREAMS, reconnectDelay: 100 },
    });
}

const client = connect(MAIN);
const rest = client.restAPI;

// Whole numbers as they are, whatever the connector reads them as.
async function data(answer) {
    const value = await (await answer).data();
    return JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}

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

async function hearTrade(events) {
    events.length = 0;
    await sim('trade', { ...OPENED, amount: 1 });
    await waitFor('ACCOUNT_UPDATE', () => events.some((event) => event.e === 'ACCOUNT_UPDATE'));
    const update = events.find((event) => event.e === 'ACCOUNT_UPDATE');
    assert.deepEqual(update, await told('ACCOUNT_UPDATE'));
    assert.equal(update.a.B[0].wb, (await books()).wallets.BTC);
    const orders = events.filter((event) => event.e === 'ORDER_TRADE_UPDATE');
    assert.deepEqual(orders.map((event) => event.o.X), ['NEW', 'FILLED']);
    return update.a.P[0].pa;
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
    assert.equal(await hearTrade(events), '-4');
    await sim('stream', { close: 1001 }); // when it comes back, it names the stream in the URL
    await waitFor('a new connection', async () => (await hearers()) === 1);
    assert.equal(await hearTrade(events), '-3');
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

function refused(answer, kind, message) {
    return assert.rejects(answer, (error) => error instanceof kind && error.message === message);
}

async function beRefused() {
    const other = { ...MAIN, secret: 'another' };
    const unknown = { ...MAIN, key: 'unknown' };
    const denied = 'Invalid API-key, IP, or permissions for action.';
    const early = "Timestamp for this request was 1000ms ahead of the server's time.";
    const late = 'Timestamp for this request is outside of the recvWindow.';
    const positions = (parameters) => data(rest.positionInformation(parameters));
    await refused(
        connect(other).restAPI.accountInformation(), BadRequestError, 'Signature for this request is not valid.');
    await refused(connect(unknown).restAPI.accountInformation(), UnauthorizedError, denied);
    await refused(connect(unknown).restAPI.startUserDataStream(), UnauthorizedError, denied);
    await withClock(-5000, () => refused(positions(), BadRequestError, early));
    await withClock(9000, () => refused(positions(), BadRequestError, late));
    await withClock(9000, () => positions({ recvWindow: 20000 }));
    await refused(rest.accountTradeList({}), BadRequestError, 'Combination of optional parameters invalid.');
    await assert.rejects(rest.orderBook({ symbol: OPENED.symbol }), NotFoundError); // no part of posrec's
}

async function signByPrivateKeys() {
    const [rsa, ed25519] = SIGNERS;
    for (const signer of SIGNERS) {
        assert.ok((await data(connect(signer).restAPI.accountInformation())).assets.length > 0);
    }
    await refused(
        connect({ key: rsa.key, secret: ed25519.secret }).restAPI.accountInformation(),
        BadRequestError, 'Signature for this request is not valid.');
}

await readPublic();
await readMoney();
await listen();
await beRefused();
await signByPrivateKeys();
