#!/usr/bin/env python3
"""The simulator's USD-M side, as the documentation of the exchange has it, beside its COIN-M side.

    usd_m_simulator.py SIMULATOR API_KEY SECRET [by-itself]

For an account `main` in hedge mode that trades only when it is told to; `by-itself`: one that trades as it likes. Sums are
worked by hand.
"""
import hashlib
import hmac
import json
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal

from websocket import WebSocket

SIM, KEY, SECRET, PART = (sys.argv[1:] + [""])[:4]
STREAMS = SIM.replace("http", "ws", 1)
NON_ASCII = "币安人生USDT"
DAY = 86400000

# As documented; values are made up.
POSITION = json.loads(
    '{"symbol":"ADAUSDT","positionSide":"BOTH","positionAmt":"30","entryPrice":"0.385","breakEvenPrice":"0.385077",'
    '"markPrice":"0.41047590","unRealizedProfit":"0.76427700","liquidationPrice":"0","isolatedMargin":"0",'
    '"notional":"12.31427700","marginAsset":"USDT","isolatedWallet":"0","initialMargin":"0.61571385",'
    '"maintMargin":"0.08004280","positionInitialMargin":"0.61571385","openOrderInitialMargin":"0","adl":2,'
    '"bidNotional":"0","askNotional":"0","updateTime":1720736417660}')
SYMBOL_CONFIG = json.loads(
    '{"symbol":"BTCUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":21,"maxNotionalValue":"1000000"}')
ACCOUNT_CONFIG = json.loads(
    '{"feeTier":0,"canTrade":true,"canDeposit":true,"canWithdraw":true,"dualSidePosition":true,"updateTime":0,'
    '"multiAssetsMargin":false,"tradeGroupId":-1}')
ACCOUNT = ("totalInitialMargin totalMaintMargin totalWalletBalance totalUnrealizedProfit totalMarginBalance "
           "totalPositionInitialMargin totalOpenOrderInitialMargin totalCrossWalletBalance totalCrossUnPnl "
           "availableBalance maxWithdrawAmount assets positions").split()
ASSET = json.loads(
    '{"asset":"BTC","walletBalance":"0.00241969","unrealizedProfit":"0.00000000","marginBalance":"0.00241969",'
    '"maintMargin":"0.00000000","initialMargin":"0.00000000","positionInitialMargin":"0.00000000",'
    '"openOrderInitialMargin":"0.00000000","maxWithdrawAmount":"0.00241969","crossWalletBalance":"0.00241969",'
    '"crossUnPnl":"0.00000000","availableBalance":"0.00241969","updateTime":1625474304765}')
ACCOUNT_POSITION = json.loads(
    '{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"1.000","unrealizedProfit":"0.00000000",'
    '"isolatedMargin":"0.00000000","notional":"0","isolatedWallet":"0","initialMargin":"0","maintMargin":"0",'
    '"updateTime":0}')
INCOME = json.loads(
    '{"symbol":"","incomeType":"TRANSFER","income":"-0.37500000","asset":"USDT","info":"TRANSFER",'
    '"time":1570608000000,"tranId":9689322392,"tradeId":""}')
TRADE = json.loads(
    '{"buyer":false,"commission":"0.07819010","commissionAsset":"USDT","id":698759,"maker":false,"orderId":25851813,'
    '"price":"7819.01","qty":"0.002","quoteQty":"15.63802","baseQty":"0.002","marginAsset":"USDT",'
    '"realizedPnl":"-0.91539999","side":"SELL","positionSide":"SHORT","symbol":"BTCUSDT","pair":"BTCUSDT",'
    '"time":1569514978020}')
RESTRICTIONS = ("ipRestrict createTime enableInternalTransfer enableFutures enablePortfolioMarginTrading enableVanillaOptions "
                "permitsUniversalTransfer enableReading enableFixApiTrade enableFixReadOnly enableSpotAndMarginTrading "
                "enableWithdrawals enableMargin").split()
INDEX = json.loads(
    '{"symbol":"USDTUSD","time":1635740268004,"index":"1.00010000","bidBuffer":"0.0","askBuffer":"0.0",'
    '"bidRate":"1.0001","askRate":"1.0001","autoExchangeBidBuffer":"0.05","autoExchangeAskBuffer":"0.05",'
    '"autoExchangeBidRate":"0.95","autoExchangeAskRate":"1.05"}')
PREMIUM = json.loads(
    '{"symbol":"BTCUSDT","markPrice":"11793.63104562","indexPrice":"11781.80495970",'
    '"estimatedSettlePrice":"11781.16138815","lastFundingRate":"0.00038246","interestRate":"0.00010000",'
    '"nextFundingTime":1597392000000,"time":1597370495002}')


def assert_equal(got, expected):
    assert got == expected, f"expected: {expected}\n but got: {got}"


def request(path, method="GET", key=KEY):
    """(status, headers, what the body says)"""
    asked = urllib.request.Request(SIM + path, method=method, headers={"X-MBX-APIKEY": key} if key else {})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def signed_path(path, secret=SECRET, sent_ms=None, **parameters):
    query = urllib.parse.urlencode({**parameters, "timestamp": sent_ms or int(time.time() * 1000)})
    return f"{path}?{query}&signature={hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"


def ask(path, **parameters):
    status, _, body = request(signed_path(path, **parameters))
    assert_equal((path, status, body[:200] if status != 200 else ""), (path, 200, ""))
    return json.loads(body)


def public(path):
    status, _, body = request(path, key=None)
    assert_equal((path, status), (path, 200))
    return json.loads(body)


def sim(path, product="usd-m", **parameters):
    query = urllib.parse.urlencode({"account": "main", "product": product, **parameters})
    status, _, body = request(f"/sim/{path}?{query}")
    assert_equal((path, status, body[:60] if status != 200 else ""), (path, 200, ""))
    return body


def books(product="usd-m"):
    return json.loads(sim("books", product))


def trade(symbol, side, amount, price=None):
    """Trades at a price, where all prices stay; the trade, as the books have it."""
    if price is not None:
        sim("move", symbol=symbol, price=price, still=1)
    sim("trade", symbol=symbol, side=side, amount=amount)
    return books()["trades"][-1]


def leg(symbol, side):
    rows = [row for row in ask("/fapi/v3/positionRisk", symbol=symbol) if row["positionSide"] == side]
    return rows[0] if rows else None


def assert_documented(rows, sample):
    """Each row has the documented fields, in their order, of their types."""
    assert rows
    for row in rows:
        assert_equal(list(row), list(sample))
        assert_equal({name: type(value) for name, value in row.items()},
                     {name: type(value) for name, value in sample.items()})


def what_is_answered_is_as_documented():
    sim("move", symbol="BTCUSDT", price=60000, still=1)
    assert_documented(ask("/fapi/v3/positionRisk"), POSITION)
    assert_documented(ask("/fapi/v1/symbolConfig"), SYMBOL_CONFIG)
    assert_documented(ask("/fapi/v1/symbolConfig", symbol=NON_ASCII), SYMBOL_CONFIG)
    assert_documented([ask("/fapi/v1/accountConfig")], ACCOUNT_CONFIG)
    account = ask("/fapi/v3/account")
    assert_equal(list(account), ACCOUNT)
    assert_documented(account["assets"], ASSET)
    assert_documented(account["positions"], ACCOUNT_POSITION)
    assert_documented(public("/fapi/v1/assetIndex"), INDEX)
    assert_documented([public("/fapi/v1/assetIndex?symbol=USDTUSD")], INDEX)
    assert_documented(public("/fapi/v1/premiumIndex"), PREMIUM)
    assert_documented([public("/fapi/v1/premiumIndex?symbol=BTCUSDT")], PREMIUM)
    assert_equal(public("/fapi/v1/premiumIndex?symbol=BTCUSDT_261225")["lastFundingRate"], "")
    assert abs(public("/fapi/v1/time")["serverTime"] - time.time() * 1000) < 60000
    indices = {row["symbol"] for row in public("/fapi/v1/assetIndex")}
    assert {"USDTUSD", "USDCUSD", "BNBUSD", "BTCUSD", "ETHUSD", "LINKUSD"} <= indices, indices


def the_contracts_are_as_documented():
    symbols = {row["symbol"]: row for row in public("/fapi/v1/exchangeInfo")["symbols"]}
    assert_equal(len(symbols), 40)
    assert {NON_ASCII, "1000SHIBUSDT", "BTCUSDC"} <= set(symbols)
    assert_equal({row["contractType"] for row in symbols.values()},
                 {"PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL"})
    quarterly = symbols["BTCUSDT_261225"]
    assert_equal([quarterly[name] for name in ("pair", "contractType", "deliveryDate", "status", "baseAsset", "quoteAsset",
                                               "marginAsset", "quantityPrecision")],
                 ["BTCUSDT", "CURRENT_QUARTER", 1798185600000, "TRADING", "BTC", "USDT", "USDT", 3])
    assert_equal(symbols["BTCUSDC"]["marginAsset"], "USDC")
    assert not any("contractSize" in row or "contractStatus" in row for row in symbols.values())


def the_documented_position_comes_out_of_its_numbers():
    sim("leverage", symbol="ADAUSDT", leverage=20, isolated=0)
    sim("trade", symbol="ADAUSDT", side="SHORT", amount=-float(leg("ADAUSDT", "SHORT")["positionAmt"]))
    assert_equal(leg("ADAUSDT", "SHORT"), None)  # flat: not told
    trade("ADAUSDT", "LONG", 30, 0.385)
    sim("move", symbol="ADAUSDT", price=0.4104759)
    row = leg("ADAUSDT", "LONG")
    assert_equal({**row, "updateTime": 0}, {**POSITION, "positionSide": "LONG", "updateTime": 0})
    assert_equal(row["updateTime"], books()["trades"][-1]["time"])
    sim("trade", symbol="ADAUSDT", side="LONG", amount=-30)
    assert_equal(leg("ADAUSDT", "LONG"), None)


def wallet(asset="USDT"):
    return books()["wallets"][asset]


def money_is_linear():
    """A short of BTCUSDT: opened, added to, reduced, closed."""
    sim("transfer", asset="USDT", amount=f"{10000 - float(wallet()):.8f}")
    sim("fees", asset="")
    while books()["trades"] and books()["trades"][-1]["id"] % 3 != 0:
        trade("ADAUSDT", "LONG", 1, 0.4)  # each third trade is a maker's
    sim("transfer", asset="USDT", amount=f"{10000 - float(wallet()):.8f}")
    assert_equal(wallet(), "10000.00000000")
    opened = trade("BTCUSDT", "SHORT", -0.002, 60000)
    assert_documented([opened], TRADE)
    assert_equal([opened[name] for name in ("price", "qty", "quoteQty", "baseQty", "commission", "realizedPnl", "side")],
                 ["60000", "0.002", "120", "0.002", "0.06000000", "0.00000000", "SELL"])
    added = trade("BTCUSDT", "SHORT", -0.003, 61000.5)
    assert_equal([added["quoteQty"], added["commission"], added["maker"]], ["183.0015", "0.09150075", False])
    sim("move", symbol="BTCUSDT", price=59000)
    row = leg("BTCUSDT", "SHORT")
    assert_equal([row[name] for name in ("positionAmt", "entryPrice", "markPrice", "unRealizedProfit", "notional",
                                         "initialMargin", "maintMargin")],
                 ["-0.005", "60600.3", "59000.00000000", "8.00150000", "-295.00000000", "14.75000000", "1.91750000"])
    reduced = trade("BTCUSDT", "SHORT", 0.001)
    assert_equal([reduced[name] for name in ("realizedPnl", "commission", "maker")], ["1.60030000", "0.01180000", True])
    closed = trade("BTCUSDT", "SHORT", 0.004, 62000.1)
    assert_equal([closed["realizedPnl"], closed["commission"]], ["-5.59920000", "0.12400020"])
    assert_equal(leg("BTCUSDT", "SHORT"), None)
    assert_equal(wallet(), "9995.71379905")
    assert_equal(ask("/fapi/v1/userTrades", symbol="BTCUSDT")[-4:], [opened, added, reduced, closed])
    assert_equal([row["id"] for row in ask("/fapi/v1/userTrades", symbol="BTCUSDT", fromId=reduced["id"])],
                 [reduced["id"], closed["id"]])
    incomes = [row for row in ask("/fapi/v1/income", symbol="BTCUSDT", limit=1000) if row["tradeId"] == str(closed["id"])]
    assert_documented(incomes, INCOME)
    assert_equal([(row["incomeType"], row["income"], row["asset"]) for row in incomes],
                 [("REALIZED_PNL", "-5.59920000", "USDT"), ("COMMISSION", "-0.12400020", "USDT")])


def commission_can_be_taken_in_bnb():
    """A tenth less than in USDT, at the indices; from the margin asset when there is not enough."""
    sim("index", asset="USDT", index="1")
    sim("index", asset="BNB", index="500")
    sim("fees", asset="BNB")
    dollars, coins = wallet(), float(wallet("BNB"))
    while books()["trades"][-1]["id"] % 3 != 0:
        coins -= float(trade("ETHUSDT", "LONG", 0.001, 3000)["commission"])
        dollars = wallet()
    paid = trade("TSLAUSDT", "LONG", 3, 405.5)  # 3 x 405.5 x 0.0005 x 0.9 / 500
    assert_equal([paid["commission"], paid["commissionAsset"], paid["marginAsset"]], ["0.00109485", "BNB", "USDT"])
    assert_equal([wallet(), wallet("BNB")], [dollars, f"{coins - 0.00109485:.8f}"])
    income = books()["income"][-1]
    assert_equal([income[name] for name in ("incomeType", "income", "asset", "symbol")],
                 ["COMMISSION", "-0.00109485", "BNB", "TSLAUSDT"])
    sim("transfer", asset="BNB", amount=f"-{wallet('BNB')}")
    assert_equal(trade("TSLAUSDT", "LONG", 1)["commissionAsset"], "USDT")
    sim("fees", asset="BNFCR")
    sim("transfer", asset="BNFCR", amount=5)
    assert_equal(trade("TSLAUSDT", "LONG", -4)["commissionAsset"], "BNFCR")
    sim("fees", asset="")


def a_flip_closes_and_opens():
    """In one-way mode; funding of a short is paid to it."""
    sim("mode", hedge=0)
    assert_equal(ask("/fapi/v1/accountConfig")["dualSidePosition"], False)
    assert_equal({row["positionSide"] for row in ask("/fapi/v3/positionRisk")}, {"BOTH"})
    assert_equal({row["positionSide"] for row in ask("/dapi/v1/positionRisk")}, {"BOTH"})
    trade("TSLAUSDT", "BOTH", 2, 400)
    flipped = trade("TSLAUSDT", "BOTH", -5, 410)
    assert_equal(flipped["realizedPnl"], "20.00000000")
    sim("move", symbol="TSLAUSDT", price=405.5)
    row = leg("TSLAUSDT", "BOTH")
    assert_equal([row["positionAmt"], row["entryPrice"], row["unRealizedProfit"]], ["-3.00", "410", "13.50000000"])
    sim("funding", rate="0.0001")
    paid = [row for row in ask("/fapi/v1/income", incomeType="FUNDING_FEE", symbol="TSLAUSDT")]
    assert_equal([row["income"] for row in paid], ["0.12165000"])
    sim("funding", rate="-0.002", special=1)
    assert_equal(ask("/fapi/v1/income", incomeType="SPECIAL_FUNDING_FEE", symbol="TSLAUSDT")[0]["income"], "-2.43300000")
    rates = public("/fapi/v1/fundingRate?symbol=TSLAUSDT")
    assert_equal([(row["fundingRate"], row["markPrice"], row["rateType"]) for row in rates],
                 [("0.00010000", "405.50000000", "Regular"), ("-0.00200000", "405.50000000", "Special")])
    assert len(public("/fapi/v1/fundingRate")) > 10  # of all contracts
    sim("mode", hedge=1)
    assert_equal(leg("TSLAUSDT", "SHORT")["positionAmt"], "-3.00")
    assert_equal(len(ask("/dapi/v1/positionRisk", pair="BTCUSD")) % 3, 0)
    sim("liquidate", symbol="TSLAUSDT", side="SHORT")
    assert_equal(leg("TSLAUSDT", "SHORT"), None)
    assert_equal(books()["income"][-1]["incomeType"], "INSURANCE_CLEAR")


def a_quarterly_is_delivered():
    trade("ETHUSDT_261225", "LONG", 1.5, 3000)
    sim("move", symbol="ETHUSDT_261225", price=3100.25)
    sim("deliver", symbol="ETHUSDT_261225")
    assert_equal([books()["income"][-1][name] for name in ("incomeType", "income", "asset", "symbol")],
                 ["DELIVERED_SETTELMENT", "150.37500000", "USDT", "ETHUSDT_261225"])
    assert_equal(leg("ETHUSDT_261225", "LONG"), None)
    request("/sim/style?product=usd-m")


def assets_are_exchanged_and_added_up():
    sim("index", asset="USDT", index="0.9998")
    sim("transfer", asset="BNB", amount=2)
    before = float(wallet())
    sim("exchange", **{"from": "BNB", "to": "USDT", "amount": "0.49990000"})  # 0.4999 x 500 / 0.9998
    rows = ask("/fapi/v1/income", incomeType="AUTO_EXCHANGE")
    assert_equal([(row["asset"], row["income"]) for row in rows], [("BNB", "-0.49990000"), ("USDT", "250.00000000")])
    assert_equal(wallet(), f"{before + 250:.8f}")
    sim("income", type="API_REBATE", asset="USDC", amount="1.25", info="x")
    assert_equal(books()["income"][-1]["incomeType"], "API_REBATE")
    single = ask("/fapi/v3/account")
    dollars = {row["asset"]: row for row in single["assets"]}
    assert_equal(single["totalWalletBalance"], dollars["USDT"]["walletBalance"])
    sim("multi", on=1)
    assert_equal(ask("/fapi/v1/accountConfig")["multiAssetsMargin"], True)
    held = {name: round(float(row["walletBalance"]) * 1e8) for name, row in dollars.items() if name != "BTC" and name != "ETH"}
    rates = {"USDT": 99980000, "USDC": 99990000, "BNB": 50000000000, "BNFCR": 100000000}
    total = sum((amount * rates[name] + 50000000) // 100000000 for name, amount in held.items())
    assert_equal(ask("/fapi/v3/account")["totalWalletBalance"], f"{total // 10**8}.{total % 10**8:08d}")
    sim("multi", on=0)


def weight_of(path, key):
    _, before, _ = request("/dapi/v1/time", key=None)
    _, after, _ = request(path, key=key)
    return int(after["X-MBX-USED-WEIGHT-1M"]) - int(before["X-MBX-USED-WEIGHT-1M"])


def every_path_has_its_weight_in_one_budget():
    request(f"/sim/weight?limit=100000&minute_offset_ms={int(time.time() * 1000) % 60000}")  # a minute begins
    weights = {
        "/fapi/v1/exchangeInfo": 1, "/fapi/v1/assetIndex": 10, "/fapi/v1/assetIndex?symbol=BTCUSD": 1,
        "/fapi/v1/premiumIndex": 10, "/fapi/v1/premiumIndex?symbol=BTCUSDT": 1, "/fapi/v1/time": 1, "/dapi/v1/time": 1,
        signed_path("/fapi/v3/positionRisk"): 5, signed_path("/fapi/v3/account"): 5,
        signed_path("/fapi/v1/symbolConfig"): 5, signed_path("/fapi/v1/accountConfig"): 5,
        signed_path("/fapi/v1/income"): 30, signed_path("/fapi/v1/userTrades", symbol="BTCUSDT"): 5,
        signed_path("/dapi/v1/positionRisk"): 1, signed_path("/dapi/v1/income"): 20,
    }
    assert_equal({path: weight_of(path, KEY) for path in weights}, weights)


def what_a_key_may_do_is_told_on_the_spot_side_alone():
    """As documented under "Get API Key Permission", of a weight of its own; that of a key that reads and no more."""
    path = signed_path("/sapi/v1/account/apiRestrictions")
    status, headers, body = request(path)
    assert_equal((status, list(json.loads(body))), (200, RESTRICTIONS))
    assert_equal([name for name, value in json.loads(body).items() if value is True], ["ipRestrict", "enableReading"])
    assert "X-SAPI-USED-IP-WEIGHT-1M" in headers and "X-MBX-USED-WEIGHT-1M" not in headers
    _, before, _ = request("/dapi/v1/time")
    assert_equal(request(path)[0], 200)
    assert_equal(request("/api/v3/time", key=None)[0], 200)
    _, after, _ = request("/dapi/v1/time")
    assert_equal(int(after["X-MBX-USED-WEIGHT-1M"]) - int(before["X-MBX-USED-WEIGHT-1M"]), 1)
    assert_equal(refusal("/sapi/v1/account/apiRestrictions", key=None), (401, -2014))
    assert_equal(refusal("/sapi/v1/account/apiRestrictions"), (400, -1102))
    assert_equal(refusal(signed_path("/sapi/v1/account/apiRestrictions", secret="another")), (400, -1022))
    assert_equal(refusal(signed_path("/sapi/v1/account/apiRestrictions", symbol="BTCUSDT")), (400, -1104))
    assert_equal(refusal(path, method="POST"), (405, -1000))
    assert_equal(refusal(signed_path("/sapi/v1/account/apiTradingStatus")), (404, -5000))


def refusal(path, key=KEY, method="GET"):
    status, _, body = request(path, method, key)
    return status, json.loads(body)["code"]


def what_is_wrong_is_refused_as_on_coin_m():
    now = int(time.time() * 1000)
    for path in ("/fapi/v3/positionRisk", "/dapi/v1/positionRisk"):
        assert_equal(refusal(signed_path(path), key=None), (401, -2014))
        assert_equal(refusal(signed_path(path), key="another"), (401, -2015))
        assert_equal(refusal(signed_path(path, secret="another")), (400, -1022))
        assert_equal(refusal(signed_path(path, sent_ms=now - 120000)), (400, -1021))
        assert_equal(refusal(signed_path(path, sent_ms=now + 60000)), (400, -1021))
        assert_equal(refusal(signed_path(path, recvWindow=60001)), (400, -1131))
        assert_equal(refusal(f"{path}?signature=1"), (400, -1102))
        assert_equal(refusal(signed_path(path), method="POST"), (405, -1000))
    for path, parameters, code in [
            ("v3/positionRisk", {"pair": "BTCUSDT"}, -1104),
            ("v3/positionRisk", {"marginAsset": "USDT"}, -1104),
            ("v3/positionRisk", {"symbol": "NONE"}, -1121),
            ("v1/symbolConfig", {"symbol": "NONE"}, -1121),
            ("v1/accountConfig", {"symbol": "BTCUSDT"}, -1104),
            ("v1/income", {"page": 1}, -1104),
            ("v1/income", {"limit": 1001}, -1130),
            ("v1/userTrades", {}, -1102),
            ("v1/userTrades", {"pair": "BTCUSDT"}, -1104),
            ("v1/userTrades", {"symbol": "NONE"}, -1121),
            ("v1/userTrades", {"symbol": "BTCUSDT", "fromId": 1, "startTime": now}, -1128),
            ("v1/userTrades", {"symbol": "BTCUSDT", "startTime": now - 8 * DAY, "endTime": now}, -1127),
            ("v1/userTrades", {"symbol": "BTCUSDT", "limit": 1001}, -1130)]:
        assert_equal((path, parameters, refusal(signed_path(f"/fapi/{path}", **parameters))),
                     (path, parameters, (400, code)))
    for path, code in [("premiumIndex?pair=BTCUSDT", -1104), ("premiumIndex?symbol=NONE", -1121),
                       ("assetIndex?symbol=NONEUSD", -1121), ("fundingRate?symbol=NONE", -1121)]:
        assert_equal((path, refusal(f"/fapi/v1/{path}")), (path, (400, code)))
    for path in ("v1/positionRisk", "v2/positionRisk", "v1/account", "v2/account", "v2/balance", "v1/listenKey"):
        assert_equal((path, refusal(signed_path(f"/fapi/{path}"))), (path, (404, -5000)))
    paths = [json.loads(line)["path"] for line in request("/sim/log")[2].splitlines()]
    assert "/fapi/v2/positionRisk" in paths and "/fapi/v3/positionRisk" in paths  # a test sees what was asked


def symbols_that_are_not_ascii_are_percent_encoded():
    row = ask("/fapi/v3/positionRisk", symbol=NON_ASCII)
    assert_equal({item["symbol"] for item in row}, {NON_ASCII})
    traded = trade(NON_ASCII, "LONG", 7)
    assert_equal(ask("/fapi/v1/userTrades", symbol=NON_ASCII)[-1], traded)
    assert_equal(ask("/fapi/v1/income", symbol=NON_ASCII)[-1]["symbol"], NON_ASCII)


def raw_bytes_are_refused():
    parts = urllib.parse.urlsplit(SIM)
    with socket.create_connection((parts.hostname, parts.port), timeout=180) as raw:
        raw.sendall(f"GET /fapi/v1/premiumIndex?symbol={NON_ASCII} HTTP/1.0\r\nHost: sim\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert_equal((answer.split()[1], json.loads(answer.split(b"\r\n\r\n")[1])["code"]), (b"400", -1100))


def only_three_months_are_told():
    """Of trades and income of USD-M; without times the last 7 days."""
    now = int(time.time() * 1000)
    for days in (100, 80, 3):
        sim("many", symbol="BTCUSDC", side="SHORT", trades=2, from_ms=now - days * DAY, to_ms=now - days * DAY + 5)

    def days(path, **parameters):
        rows = ask(path, symbol="BTCUSDC", **parameters)
        return sorted({round((now - row["time"]) / DAY) for row in rows if "FUNDING_FEE" not in row.get("incomeType", "")},
                      reverse=True)

    assert_equal(days("/fapi/v1/income"), [3])
    assert_equal(days("/fapi/v1/income", startTime=now - 120 * DAY, endTime=now), [80, 3])
    assert_equal(days("/fapi/v1/userTrades"), [3])
    assert_equal(days("/fapi/v1/userTrades", startTime=now - 102 * DAY, endTime=now - 98 * DAY), [])
    assert_equal(days("/fapi/v1/userTrades", startTime=now - 81 * DAY, endTime=now - 79 * DAY), [80])
    assert_equal(days("/fapi/v1/userTrades", fromId=1), [80, 3])


def listen_key(product="fapi"):
    status, _, body = request(f"/{product}/v1/listenKey", "POST")
    assert_equal(status, 200)
    return json.loads(body)["listenKey"]


def the_private_stream_tells_a_fill():
    """And neither the old path nor the other side's stream does."""
    key, other = listen_key(), listen_key("dapi")
    assert key != other
    assert_equal(listen_key(), key)
    private = WebSocket(f"{STREAMS}/private/ws/{key}")
    combined = WebSocket(f"{STREAMS}/private/stream?streams={key}")
    silent = [WebSocket(STREAMS + path) for path in (f"/ws/{key}", f"/private/ws/{other}", f"/market/ws/{key}")]
    coins = WebSocket(f"{STREAMS}/ws/{other}")
    sim("trade", symbol="TSLAUSDT", side="SHORT", amount=-1.5)
    told = [private.receive() for _ in range(4)]
    assert_equal([message["e"] for message in told],
                 ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"])
    assert not any("i" in message for message in told if message["e"] != "TRADE_LITE")
    assert not any("ma" in message.get("o", {}) for message in told)
    made = books()["trades"][-1]
    order = told[2]["o"]
    assert_equal([order[name] for name in ("s", "q", "l", "x", "X", "t", "N", "n", "ps")],
                 ["TSLAUSDT", "1.50", "1.50", "TRADE", "FILLED", made["id"], "USDT", made["commission"], "SHORT"])
    assert_equal([told[1][name] for name in ("s", "l", "t", "i", "S")],
                 ["TSLAUSDT", "1.50", made["id"], made["orderId"], "SELL"])
    assert_equal([told[3]["a"]["B"][0]["wb"], told[3]["a"]["P"][0]["pa"], told[3]["T"]],
                 [wallet(), "-1.50", made["time"]])
    assert_equal([combined.receive()["stream"] for _ in told], [key] * 4)
    sim("transfer", "coin-m", asset="BTC", amount=1)
    moved = coins.receive()
    assert_equal([moved["e"], moved["i"]], ["ACCOUNT_UPDATE", "main"])
    for stream in silent:  # the answer to a question is the first that comes
        assert_equal(stream.ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 1}), {"result": False, "id": 1})


def a_resting_order_moves_no_wallet():
    private = WebSocket(f"{STREAMS}/private/ws/{listen_key()}")
    assert_equal(leg("BTCUSDT_270326", "LONG"), None)
    sim("order", symbol="BTCUSDT_270326", side="LONG", amount=0.1, price=50000)
    row = leg("BTCUSDT_270326", "LONG")
    assert_equal([row[name] for name in ("positionAmt", "entryPrice", "openOrderInitialMargin", "initialMargin",
                                         "bidNotional", "notional", "updateTime")],
                 ["0.000", "0.0", "250.00000000", "250.00000000", "5000.00000000", "0", 0])
    sim("order", symbol="BTCUSDT_270326", side="LONG", amount=0)
    assert_equal(leg("BTCUSDT_270326", "LONG"), None)
    sim("leverage", symbol="BTCUSDT_270326", leverage=7)
    sim("multi", on=1)
    sim("multi", on=0)
    told = [private.receive() for _ in range(5)]
    assert_equal([(message["e"], message.get("o", {}).get("X")) for message in told[:2]],
                 [("ORDER_TRADE_UPDATE", "NEW"), ("ORDER_TRADE_UPDATE", "CANCELED")])
    assert_equal(told[0]["o"]["i"], told[1]["o"]["i"])
    assert_equal([message.get("ac") or message.get("ai") for message in told[2:]],
                 [{"s": "BTCUSDT_270326", "l": 7}, {"j": True}, {"j": False}])
    assert_equal(ask("/fapi/v1/symbolConfig", symbol="BTCUSDT_270326")[0]["leverage"], 7)


def commission_in_bnb_is_told_of_both_wallets():
    private = WebSocket(f"{STREAMS}/private/ws/{listen_key()}")
    sim("fees", asset="BNB")
    sim("trade", symbol="BTCUSDT", side="LONG", amount=0.001)
    sim("fees", asset="")
    told = [private.receive() for _ in range(4)]
    assert_equal(told[2]["o"]["N"], "BNB")
    assert_equal([(row["a"], row["wb"]) for row in told[3]["a"]["B"]], [("USDT", wallet()), ("BNB", wallet("BNB"))])


def the_stream_says_what_it_is_told_to():
    private = WebSocket(f"{STREAMS}/private/ws/{listen_key()}")
    message = {"e": "ALGO_UPDATE", "E": 1, "T": 2, "o": {}}
    path = f"{SIM}/sim/tell?account=main&product=usd-m"
    urllib.request.urlopen(urllib.request.Request(path, json.dumps(message).encode(), {"Content-Type": "text/plain"}))
    assert_equal(private.receive(), message)


def the_keys_of_the_sides_are_apart():
    key = listen_key("dapi")
    assert_equal(request("/fapi/v1/listenKey", "PUT")[0], 200)
    assert_equal(request("/fapi/v1/listenKey", "DELETE")[0], 200)
    assert_equal(refusal("/fapi/v1/listenKey", method="PUT"), (400, -1125))
    assert_equal(listen_key("dapi"), key)


def the_ledgers_are_apart(before):
    """What USD-M did moved nothing of COIN-M but what the test did there: a transfer."""
    after = books("coin-m")
    assert_equal(after["trades"], before["trades"])
    assert_equal([row["incomeType"] for row in after["income"]], ["TRANSFER"])


def a_fault_can_be_of_one_side():
    sim("fault", kind="status", status=503)
    assert_equal(request(signed_path("/dapi/v1/positionRisk"))[0], 200)
    assert_equal(request(signed_path("/fapi/v3/positionRisk"))[0], 503)
    assert_equal(request(signed_path("/fapi/v3/positionRisk"))[0], 200)


def what_it_trades_by_itself_adds_up():
    """Each wallet is its first one with all incomes, each position its first one with all trades, to the last decimal."""
    amounts = {}
    for poll in range(400):
        rows = ask("/fapi/v3/positionRisk")
        if poll == 0:
            amounts = {(row["symbol"], row["positionSide"]): Decimal(row["positionAmt"]) for row in rows}
        for row in rows:
            amount, mark, entry = (Decimal(row[name]) for name in ("positionAmt", "markPrice", "entryPrice"))
            assert amount, row
            assert abs(Decimal(row["unRealizedProfit"]) - amount * (mark - entry)) <= Decimal("0.000000005"), row
            assert abs(Decimal(row["notional"]) - amount * mark) <= Decimal("0.000000005"), row
    held = books()
    assert len(held["trades"]) > 20
    sums = {asset: Decimal(0) for asset in held["wallets"]}
    for income in held["income"]:
        sums[income["asset"]] += Decimal(income["income"])
    for asset, begun in {"USDT": 10000, "USDC": 10000, "BNB": 10, "BTC": 0}.items():
        assert_equal((asset, Decimal(held["wallets"][asset])), (asset, begun + sums[asset]))
    for trade_ in held["trades"]:
        where, sign = (trade_["symbol"], trade_["positionSide"]), 1 if trade_["side"] == "BUY" else -1
        amounts[where] = amounts.get(where, 0) + sign * Decimal(trade_["qty"])
        quantity, price = Decimal(trade_["qty"]), Decimal(trade_["price"])
        assert_equal(Decimal(trade_["quoteQty"]), quantity * price)
        rate = Decimal("0.0002") if trade_["maker"] else Decimal("0.0005")
        assert abs(Decimal(trade_["commission"]) - quantity * price * rate) <= Decimal("0.000000005"), trade_
    assert_equal({where: amount for where, amount in amounts.items() if amount},
                 {(row["symbol"], row["positionSide"]): Decimal(row["positionAmt"]) for row in rows})


if __name__ == "__main__":
    if PART == "by-itself":
        what_it_trades_by_itself_adds_up()
        sys.exit()
    at_first = books("coin-m")
    every_path_has_its_weight_in_one_budget()
    what_is_answered_is_as_documented()
    the_contracts_are_as_documented()
    the_documented_position_comes_out_of_its_numbers()
    money_is_linear()
    commission_can_be_taken_in_bnb()
    a_flip_closes_and_opens()
    a_quarterly_is_delivered()
    assets_are_exchanged_and_added_up()
    symbols_that_are_not_ascii_are_percent_encoded()
    raw_bytes_are_refused()
    only_three_months_are_told()
    what_is_wrong_is_refused_as_on_coin_m()
    what_a_key_may_do_is_told_on_the_spot_side_alone()
    the_private_stream_tells_a_fill()
    a_resting_order_moves_no_wallet()
    commission_in_bnb_is_told_of_both_wallets()
    the_stream_says_what_it_is_told_to()
    the_keys_of_the_sides_are_apart()
    the_ledgers_are_apart(at_first)
    a_fault_can_be_of_one_side()
