// The exchange's own connector of USD-M: every call that posrec makes there, and the account's private stream.
import assert from 'node:assert/strict';
import {
    BadRequestError,
    DerivativesTradingUsdsFutures,
    NotFoundError,
    UnauthorizedError,
} from '@binance/derivatives-trading-usds-futures';
import { connect, data, hearTrade, refuseStrangers, refused } from './connector_shared.mjs';
import { documentedBy } from './documented.mjs';
import { OPENED_USD, books, hearers, sim, waitFor } from './simulator.mjs';

const assertDocumented = documentedBy('@binance/derivatives-trading-usds-futures');
const NON_ASCII = '币安人生USDT';

const client = connect(DerivativesTradingUsdsFutures);
const rest = client.restAPI;
const isOpened = (row) => row.symbol === OPENED_USD.symbol && row.positionSide === OPENED_USD.side;

async function readPublic() {
    const { serverTime } = await data(rest.checkServerTime());
    assert.ok(Math.abs(serverTime - Date.now()) < 2000);
    const answer = await rest.exchangeInformation();
    const { rateLimits, assets, symbols } = await data(answer);
    assertDocumented('ExchangeInformationResponseRateLimitsInner', rateLimits);
    assertDocumented('ExchangeInformationResponseSymbolsInner', symbols);
    assertDocumented('ExchangeInformationResponseAssetsInner', assets);
    const quarterly = symbols.find((symbol) => symbol.symbol === 'BTCUSDT_261225');
    assert.deepEqual([quarterly.contractType, quarterly.contractSize], ['CURRENT_QUARTER', undefined]);
    assertDocumented('AssetIndexResponse2Inner', await data(rest.assetIndex()));
    assertDocumented('AssetIndexResponse1', [await data(rest.assetIndex({ symbol: 'USDTUSD' }))]);
    assertDocumented('MarkPriceResponse2Inner', await data(rest.markPrice()));
    assertDocumented('MarkPriceResponse1', [await data(rest.markPrice({ symbol: NON_ASCII }))]);
}

async function readAccount(wallets) {
    const account = await data(rest.accountInformationV3());
    assertDocumented('AccountInformationV3Response', [account]);
    assertDocumented('AccountInformationV3ResponseAssetsInner', account.assets);
    assertDocumented('AccountInformationV3ResponsePositionsInner', account.positions);
    assert.deepEqual(Object.fromEntries(account.assets.map((row) => [row.asset, row.walletBalance])), wallets);
    assert.equal(account.positions.find(isOpened).positionAmt, '-0.005');
    assertDocumented('FuturesAccountConfigurationResponse', [await data(rest.futuresAccountConfiguration())]);
    assertDocumented('SymbolConfigurationResponseInner', await data(rest.symbolConfiguration()));
    const [config] = await data(rest.symbolConfiguration({ symbol: NON_ASCII }));
    assert.deepEqual([config.symbol, config.leverage], [NON_ASCII, 20]);
}

async function readMoney() {
    await sim('trade', OPENED_USD);
    await sim('transfer', { product: 'usd-m', asset: 'USDC', amount: 1.5 });
    const { trades: made, income: moved, wallets } = await books('usd-m');
    const [sold] = made;
    const times = { startTime: sold.time, endTime: Date.now() + 1000 };
    const rows = await data(rest.positionInformationV3());
    assertDocumented('PositionInformationV3ResponseInner', rows);
    const { positionAmt, entryPrice, updateTime } = rows.find(isOpened);
    assert.deepEqual([positionAmt, entryPrice, updateTime], ['-0.005', sold.price, sold.time]);
    const [named] = await data(rest.positionInformationV3({ symbol: NON_ASCII }));
    assert.equal(named.symbol, NON_ASCII);
    await readAccount(wallets);
    const trades = await data(rest.accountTradeList({ symbol: OPENED_USD.symbol, ...times }));
    assertDocumented('AccountTradeListResponseInner', trades);
    assert.deepEqual(trades, made);
    assert.deepEqual(await data(rest.accountTradeList({ symbol: OPENED_USD.symbol, fromId: sold.id + 1 })), []);
    const income = await data(rest.getIncomeHistory({ ...times, limit: 1000 }));
    assertDocumented('GetIncomeHistoryResponseInner', income);
    assert.deepEqual(income, moved);
}

async function hearOrders(events) {
    const amount = await hearTrade(events, { ...OPENED_USD, amount: 0.001 }, 'USDT');
    assert.deepEqual(
        events.map((event) => [event.e, event.o?.X]),
        [['ORDER_TRADE_UPDATE', 'NEW'], ['TRADE_LITE', undefined], ['ORDER_TRADE_UPDATE', 'FILLED'],
            ['ACCOUNT_UPDATE', undefined]]);
    return amount;
}

async function listen() {
    const { listenKey } = await data(rest.startUserDataStream());
    assert.equal((await data(rest.startUserDataStream())).listenKey, listenKey);
    await data(rest.keepaliveUserDataStream());
    const streams = await client.websocketStreams.connect();
    const events = [];
    const stream = streams.userData(listenKey);
    stream.on('message', (event) => events.push(event));
    await waitFor('the stream', async () => (await hearers()) === 1);
    assert.equal(await hearOrders(events), '-0.004');
    await sim('stream', { product: 'usd-m', close: 1001 });
    await waitFor('a new connection', async () => (await hearers()) === 1);
    assert.equal(await hearOrders(events), '-0.003');
    await data(rest.closeUserDataStream());
    assert.equal(await hearers(), 0);
    await refused(rest.keepaliveUserDataStream(), BadRequestError, 'This listenKey does not exist.');
    await streams.disconnect();
}

async function beRefused() {
    await refuseStrangers(
        DerivativesTradingUsdsFutures, { BadRequestError, UnauthorizedError },
        (api, parameters) => api.positionInformationV3(parameters), (api) => api.accountInformationV3());
    await refused(data(rest.positionInformationV3({ symbol: 'NONE' })), BadRequestError, 'Invalid symbol.');
    await assert.rejects(rest.positionInformationV2(), NotFoundError); // no part of posrec's
}

await readPublic();
await readMoney();
await listen();
await beRefused();
