# Capture lines and rows in them, made by hand, besides helper.bash. Seconds are those since T. They are printed without another
# program: a test makes hundreds.

load helper

T=1767225600000 # 2026-01-01
HOUR=3600
DAY=86400

# line ACCOUNT SECONDS ENDPOINT BODY [FIELDS]: a capture line, with more fields as in JSON.
line() {
    local body=${4//\\/\\\\}
    printf '{"account":"%s","endpoint":"%s","received_ms":%d,"body":"%s"%s}\n' "$1" "$3" $((T + $2 * 1000)) "${body//\"/\\\"}" "${5:+,$5}"
}

# answered ACCOUNT SECONDS ENDPOINT QUERY ROW...: the answer to it, of all rows.
answered() {
    local account=$1 at=$2 endpoint=$3 query=$4 IFS=,
    shift 4
    line "$account" "$at" "$endpoint" "[$*]" "\"sent_ms\":$((T + at * 1000 - 1)),\"request\":\"/dapi/v1/$endpoint?$query&limit=1000\""
}

# polled ACCOUNT SECONDS INTERVAL LEG...: a good poll of those legs.
polled() {
    local account=$1 at=$2 interval=$3 IFS=,
    shift 3
    line "$account" "$at" positionRisk "[$*]" "\"interval_ms\":${interval}000"
}

# told ACCOUNT SECONDS EVENT MS PART...: a message of the stream, of these parts besides its event and times.
told() {
    local account=$1 at=$2 event=$3 ms=$4 IFS=,
    shift 4
    line "$account" "$at" userData "{\"e\":\"$event\",\"E\":$ms,\"T\":$ms,$*}"
}

# leg_row SYMBOL AMOUNT UPDATE_MS MARK UNREALIZED: one of a poll's.
leg_row() {
    printf '{"symbol":"%s","positionSide":"BOTH","positionAmt":"%s","updateTime":%s,"markPrice":"%s","unRealizedProfit":"%s",' "$@"
    printf '"leverage":"20","marginType":"cross"}'
}

# balance_row ASSET COINS UPDATED: one of an answer to account, which has assets alone.
balance_row() {
    printf '{"asset":"%s","walletBalance":"%s","marginBalance":"%s","unrealizedProfit":"0","maintMargin":"0","updateTime":%d}' \
        "$1" "$2" "$2" $((T + $3 * 1000))
}

# account_body ROW...: an answer to account of these assets.
account_body() {
    local IFS=,
    printf '{"positions":[],"assets":[%s]}' "$*"
}

# income_row SECONDS TYPE COINS ASSET SYMBOL TRAN_ID TRADE_ID: one of an answer to income.
income_row() {
    printf '{"time":%d,"incomeType":"%s","income":"%s","asset":"%s","symbol":"%s","tranId":"%s","tradeId":"%s","info":""}' \
        $((T + $1 * 1000)) "${@:2}"
}

# trade_row SECONDS SYMBOL ID SIDE QUANTITY PRICE REALIZED COMMISSION ASSET: one of an answer to userTrades.
trade_row() {
    printf '{"time":%d,"symbol":"%s","id":%s,"side":"%s","qty":"%s","price":"%s","realizedPnl":"%s","commission":"%s",' \
        $((T + $1 * 1000)) "${@:2:7}"
    printf '"commissionAsset":"%s","orderId":%s,"positionSide":"BOTH","maker":false}' "$9" "$3"
}

# record: the lines of stdin, in their order, in a file of their own.
record() {
    rm -f posrec.db*
    jq -cs 'sort_by(.received_ms)[]' | posrec -q import -
}
