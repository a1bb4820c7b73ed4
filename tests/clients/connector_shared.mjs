// What the scripts of the exchange's own connectors share, one of each side.
import assert from 'node:assert/strict';
import { MAIN, SIGNERS, SIM, STREAMS, books, sim, told, waitFor, withClock } from './simulator.mjs';

// A client of account main, or another.
export function connect(Futures, { key, secret } = MAIN) {
    const signer = secret.startsWith('-----BEGIN') ? { privateKey: secret } : { apiSecret: secret };
    return new Futures({
        configurationRestAPI: { apiKey: key, ...signer, basePath: SIM, retries: 0, timeout: 10000 },
        configurationWebsocketStreams: { wsURL: STREAMS, reconnectDelay: 100 },
    });
}

// Whole numbers as they are, whatever the connector reads them as.
export async function data(answer) {
    const value = await (await answer).data();
    return JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? Number(item) : item)));
}

// Trades, and hears of it, after which the asset's wallet is as the simulator has it; the amount of the leg.
export async function hearTrade(events, trade, asset) {
    events.length = 0;
    await sim('trade', trade);
    await waitFor('ACCOUNT_UPDATE', () => events.some((event) => event.e === 'ACCOUNT_UPDATE'));
    const update = events.find((event) => event.e === 'ACCOUNT_UPDATE');
    assert.deepEqual(update, await told('ACCOUNT_UPDATE'));
    assert.equal(update.a.B[0].wb, (await books(trade.product)).wallets[asset]);
    return update.a.P[0].pa;
}

export function refused(answer, kind, message) {
    return assert.rejects(answer, (error) => error instanceof kind && error.message === message);
}

// What no key may do, and what each of them may: `positions` and `account` ask a client's REST API for them.
export async function refuseStrangers(Futures, { BadRequestError, UnauthorizedError }, positions, account) {
    const restOf = (signer) => connect(Futures, signer).restAPI;
    const unknown = restOf({ ...MAIN, key: 'unknown' });
    const [rsa, ed25519] = SIGNERS;
    const denied = 'Invalid API-key, IP, or permissions for action.';
    const unsigned = 'Signature for this request is not valid.';
    const early = "Timestamp for this request was 1000ms ahead of the server's time.";
    const late = 'Timestamp for this request is outside of the recvWindow.';
    const mine = (parameters) => data(positions(restOf(MAIN), parameters));
    await refused(account(restOf({ ...MAIN, secret: 'another' })), BadRequestError, unsigned);
    await refused(account(restOf({ key: rsa.key, secret: ed25519.secret })), BadRequestError, unsigned);
    await refused(account(unknown), UnauthorizedError, denied);
    await refused(unknown.startUserDataStream(), UnauthorizedError, denied);
    await withClock(-5000, () => refused(mine(), BadRequestError, early));
    await withClock(9000, () => refused(mine(), BadRequestError, late));
    await withClock(9000, () => mine({ recvWindow: 20000 }));
    for (const signer of SIGNERS) {
        assert.ok((await data(account(restOf(signer)))).assets.length > 0);
    }
}
