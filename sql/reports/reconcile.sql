-- What does not add up in the range, each with the capture that shows it, and what was not recorded of it. After
-- with_range, with_silence, with_changed, with_money_asked and with_money_findings. First what differs in words: a REAL's
-- text ends in at least one decimal, which a whole number does not need.
, differing AS (
    SELECT c.*,
           iif(position_amount IS previous_position_amount, '',
               ' positionAmt ' || ifnull(rtrim(rtrim(previous_position_amount, '0'), '.'), 'nothing')
               || ' to ' || ifnull(rtrim(rtrim(position_amount, '0'), '.'), 'nothing') || ';')
           || iif(entry_price IS previous_entry_price, '',
                  ' entryPrice ' || ifnull(rtrim(rtrim(previous_entry_price, '0'), '.'), 'nothing')
                  || ' to ' || ifnull(rtrim(rtrim(entry_price, '0'), '.'), 'nothing') || ';')
           || iif(leverage IS previous_leverage, '',
                  ' leverage ' || ifnull(previous_leverage, 'nothing')
                  || ' to ' || ifnull(leverage, 'nothing') || ';')
           || iif(margin_type IS previous_margin_type, '',
                  ' marginType ' || ifnull(previous_margin_type, 'nothing')
                  || ' to ' || ifnull(margin_type, 'nothing') || ';')
           || iif(break_even_price IS previous_break_even_price, '', ' breakEvenPrice;')
           || iif(max_quantity IS previous_max_quantity, '', ' maxQty;')
           || iif(auto_add_margin IS previous_auto_add_margin, '', ' isAutoAddMargin;')
           || iif(isolated_wallet IS previous_isolated_wallet, '', ' isolatedWallet;') AS what
      FROM shown AS c
),
-- What the stream told in the range.
told AS MATERIALIZED (
    SELECT l.account, l.account_id, l.symbol, l.position_side, u.*
      FROM leg AS l
     CROSS JOIN position_update AS u
        ON u.leg_id = l.leg_id AND u.transaction_ms >= l.from_ms AND u.transaction_ms < l.to_ms
),
-- Each with what a poll of the same updateTime says otherwise. Of several in one millisecond a poll may have seen
-- any.
held AS NOT MATERIALIZED (
    SELECT w.account,
           w.symbol,
           w.position_side,
           w.leg_id,
           w.transaction_ms,
           w.capture_id,
           iif((w.position_amount_e8, w.entry_price_e8, w.break_even_price_e8, w.isolated_wallet_e8, w.margin_type)
               IS (p.position_amount_e8, p.entry_price_e8, p.break_even_price_e8, p.isolated_wallet_e8, p.margin_type), '',
           iif(w.position_amount_e8 / 1e8 <> p.position_amount_e8 / 1e8,
               format(' positionAmt %.15g, not %.15g;', p.position_amount_e8 / 1e8, w.position_amount_e8 / 1e8), '')
           || iif(w.entry_price_e8 / 1e8 <> p.entry_price_e8 / 1e8,
                  format(' entryPrice %.15g, not %.15g;', p.entry_price_e8 / 1e8, w.entry_price_e8 / 1e8), '')
           || iif(w.break_even_price_e8 / 1e8 <> p.break_even_price_e8 / 1e8,
                  format(' breakEvenPrice %.15g, not %.15g;', p.break_even_price_e8 / 1e8, w.break_even_price_e8 / 1e8), '')
           || iif(w.isolated_wallet_e8 / 1e8 <> p.isolated_wallet_e8 / 1e8,
                  format(' isolatedWallet %.15g, not %.15g;', p.isolated_wallet_e8 / 1e8, w.isolated_wallet_e8 / 1e8), '')
           || iif(w.margin_type <> p.margin_type,
                  ' marginType ' || p.margin_type || ', not ' || w.margin_type || ';', '')) AS differs
      FROM told AS w
     CROSS JOIN position AS p ON p.leg_id = w.leg_id AND p.update_ms = w.transaction_ms AND p.revision = 0
),
-- What polls saw change of which the stream did not tell.
untold AS MATERIALIZED (
    SELECT c.account, c.leg_id, c.capture_id, c.update_ms
      FROM changed AS c
      LEFT JOIN position_update AS u ON u.leg_id = c.leg_id AND u.transaction_ms = c.update_ms
     WHERE c.present = 1
       AND c.update_ms > c.previous_update_ms
       AND u.leg_id IS NULL
),
streamed (finding, account, symbol, position_side, capture_id, time_ms, detail) AS (
    SELECT 'change_not_streamed', h.account, h.symbol, h.position_side, h.capture_id, h.first_seen_ms,
           h.change || ' at ' || h.update_time || ' was not told by the stream, which was up'
      FROM untold AS c
     CROSS JOIN position_change AS h ON h.leg_id = c.leg_id AND h.capture_id = c.capture_id
     WHERE EXISTS (SELECT 1
                     FROM stream_known AS up
                    WHERE up.account = c.account
                      AND up.from_ms + 100 < c.update_ms -- the clocks' difference
                      AND up.to_ms > c.update_ms + 1000) -- what breaks now may have been told late
    UNION ALL
    SELECT 'stream_contradicts_poll', w.account, w.symbol, w.position_side, w.capture_id, s.received_ms,
           'of ' || strftime('%Y-%m-%dT%H:%M:%fZ', w.transaction_ms / 1000.0, 'unixepoch') || ' the poll says' || w.differs
      FROM (SELECT h.*,
                   max(h.differs = '') OVER alike AS agrees,
                   max(h.capture_id) OVER alike AS last_capture_id
              FROM (SELECT DISTINCT leg_id, transaction_ms FROM held WHERE differs <> '') AS d
             CROSS JOIN held AS h ON h.leg_id = d.leg_id AND h.transaction_ms = d.transaction_ms
            WINDOW alike AS (PARTITION BY h.leg_id, h.transaction_ms)) AS w
     CROSS JOIN capture AS s ON s.capture_id = w.capture_id
     WHERE NOT w.agrees AND w.capture_id = w.last_capture_id
    UNION ALL
    SELECT 'stream_time_went_back', l.account, l.symbol, l.position_side, w.capture_id, s.received_ms,
           'told of ' || strftime('%Y-%m-%dT%H:%M:%fZ', w.transaction_ms / 1000.0, 'unixepoch') || ' after '
           || strftime('%Y-%m-%dT%H:%M:%fZ', w.before_ms / 1000.0, 'unixepoch')
      FROM (SELECT t.leg_id, t.capture_id, t.transaction_ms,
                   max(t.transaction_ms) OVER (PARTITION BY t.account_id ORDER BY t.capture_id, t.leg_id
                                               ROWS UNBOUNDED PRECEDING) AS before_ms
              FROM told AS t) AS w
     CROSS JOIN leg AS l ON l.leg_id = w.leg_id
     CROSS JOIN capture AS s ON s.capture_id = w.capture_id
     WHERE w.transaction_ms < w.before_ms
),
-- Where valuations are to speak of: the hours of which that was noted, and the one that runs.
noted AS MATERIALIZED (
    SELECT l.account, l.symbol, l.position_side, max(h.first_ms, l.from_ms) AS from_ms, min(h.last_ms + 1, l.to_ms) AS to_ms
      FROM leg AS l
     CROSS JOIN leg_hour AS h
        ON h.leg_id = l.leg_id AND h.hour_ms >= l.from_ms - l.from_ms % 3600000 AND h.hour_ms < l.to_ms
     WHERE h.findings > 0
     UNION ALL
    SELECT l.account,
           l.symbol,
           l.position_side,
           max(l.from_ms, coalesce((SELECT max(h.hour_ms) + 3600000 FROM leg_hour AS h WHERE h.leg_id = l.leg_id), l.from_ms)),
           l.to_ms
      FROM leg AS l
),
valued AS MATERIALIZED (
    SELECT h.account,
           h.symbol,
           h.position_side,
           h.time_ms,
           h.unrealized_pnl_e8 / 1e8 AS unrealized_pnl,
           h.expected_pnl_e8 / 1e8 AS expected_pnl,
           (h.unrealized_pnl_e8 - h.expected_pnl_e8) / 1e8 AS pnl_difference,
           h.pnl_tolerance,
           h.isolated_margin_e8 / 1e8 AS isolated_margin,
           h.margin_type
      FROM noted AS o
     CROSS JOIN valuation_history AS h
        ON (h.account, h.symbol, h.position_side) = (o.account, o.symbol, o.position_side)
       AND h.time_ms >= o.from_ms AND h.time_ms < o.to_ms
     WHERE abs(h.unrealized_pnl_e8 - h.expected_pnl_e8) > 1 -- the least tolerance there is: cheaper to ask first
        OR (h.isolated_margin_e8 <> 0 AND h.margin_type = 'cross')
),
finding (finding, account, symbol, position_side, time_ms, detail) AS (
    SELECT 'pnl_difference', account, symbol, position_side, time_ms,
           format('reported %.8f, expected %.8f: off by %.8f, where decimals explain %.8f',
                  unrealized_pnl, expected_pnl, pnl_difference, pnl_tolerance)
      FROM valued
     WHERE abs(pnl_difference) > pnl_tolerance
    UNION ALL
    SELECT 'changed_without_update', account, symbol, position_side, first_seen_ms,
           'updateTime stood still at ' || update_time || ' while there changed' || rtrim(what, ';')
      FROM differing
     WHERE update_ms = previous_update_ms
       AND change <> 'return'
       AND present = 1 -- what is not listed has no updateTime
       AND (account, symbol, capture_id) NOT IN switched
       AND what <> ''
    UNION ALL
    SELECT 'update_time_went_back', account, symbol, position_side, first_seen_ms,
           'updateTime ' || update_time || ' after '
           || strftime('%Y-%m-%dT%H:%M:%fZ', previous_update_ms / 1000.0, 'unixepoch')
      FROM shown
     WHERE update_ms < previous_update_ms
       AND change <> 'return'
    UNION ALL
    SELECT 'sign_against_side', account, symbol, position_side, first_seen_ms,
           format('positionAmt %.15g on the %s side', position_amount, position_side)
      FROM shown
     WHERE (position_side = 'LONG' AND position_amount < 0)
        OR (position_side = 'SHORT' AND position_amount > 0)
    UNION ALL
    SELECT 'isolated_margin_on_cross', account, symbol, position_side, time_ms,
           format('isolatedMargin %.8f on a leg whose marginType is cross', isolated_margin)
      FROM valued
     WHERE isolated_margin <> 0 AND margin_type = 'cross'
    UNION ALL
    SELECT 'gap_hides_change', c.account, c.symbol, c.position_side, c.first_seen_ms,
           c.change || format(' seen only after a gap of %.3f s, since ',
                              (c.first_seen_ms - g.from_ms) / 1000.0)
           || strftime('%Y-%m-%dT%H:%M:%fZ', g.from_ms / 1000.0, 'unixepoch')
      FROM gap AS g
     CROSS JOIN shown AS c ON c.capture_id = g.capture_id
     WHERE c.change <> 'seen'
       -- what trades and income tell of is not hidden: there it is held against them
       AND NOT EXISTS (SELECT 1
                         FROM trades_known AS k
                        WHERE k.account = c.account
                          AND k.symbol = c.symbol
                          AND k.from_ms <= g.from_ms
                          AND k.to_ms > c.update_ms)
       AND NOT EXISTS (SELECT 1
                         FROM income_known AS k
                        WHERE k.account = c.account
                          AND k.from_ms <= g.from_ms
                          AND k.to_ms > c.update_ms
                          AND (c.change = 'settings' OR (c.account, c.symbol) IN settled))
    UNION ALL
    SELECT 'close_never_seen', account, symbol, position_side, first_seen_ms,
           format('the answer no longer has it; it was last seen with positionAmt %.15g',
                  previous_position_amount)
      FROM shown
     WHERE change = 'vanish'
       AND previous_position_amount <> 0
       AND (account, symbol, capture_id) NOT IN switched
       AND (account, symbol) NOT IN settled
    UNION ALL
    SELECT 'close_never_seen', l.account, l.symbol, l.position_side, l.last_ms,
           format('last seen here with positionAmt %.15g; later polls did not ask for it', p.position_amount_e8 / 1e8)
      FROM leg AS l
     CROSS JOIN valuation AS v ON v.leg_id = l.leg_id AND v.time_ms = l.last_ms
     CROSS JOIN position AS p ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
     WHERE l.last_ms >= l.from_ms AND l.last_ms < l.to_ms
       AND p.position_amount_e8 <> 0
       AND EXISTS (SELECT 1
                     FROM capture_read AS s
                    WHERE s.account_id = l.account_id
                      AND s.endpoint = 'positionRisk'
                      AND s.outcome = 'ok'
                      AND s.received_ms > l.last_ms)
)
SELECT f.finding,
       f.account,
       f.symbol,
       f.position_side,
       f.capture_id,
       strftime('%Y-%m-%dT%H:%M:%fZ', f.time_ms / 1000.0, 'unixepoch') AS time,
       rtrim(f.detail, ';') AS detail,
       f.asset
  FROM (SELECT * FROM money_finding
         UNION ALL
        SELECT g.finding, g.account, g.symbol, g.position_side, NULL,
               (SELECT s.capture_id
                  FROM account AS a
                 CROSS JOIN capture AS s
                    ON s.account_id = a.account_id AND s.endpoint = 'positionRisk' AND s.received_ms = g.time_ms
                 WHERE a.name = g.account),
               g.time_ms, g.detail
          FROM finding AS g
         UNION ALL
        SELECT finding, account, symbol, position_side, NULL, capture_id, time_ms, detail FROM streamed
         UNION ALL
        SELECT 'not_recorded', account, NULL, NULL, NULL, NULL, from_ms,
               kind || ' to ' || strftime('%Y-%m-%dT%H:%M:%fZ', to_ms / 1000.0, 'unixepoch')
                   || format(' (%.15g s)', (to_ms - from_ms) / 1000.0)
          FROM silence) AS f
 ORDER BY f.time_ms, f.capture_id, f.finding, f.account, f.symbol, f.position_side, f.asset, f.detail;
