-- What does not add up in the range, each with the capture that shows it. After with_range.
, leg AS MATERIALIZED (
    SELECT r.account, r.symbol, r.position_side, r.to_ms AS last_ms, a.from_ms, a.to_ms
      FROM asked AS a
     CROSS JOIN leg_range AS r ON r.account = a.account
     WHERE (:symbol IS NULL OR r.symbol = :symbol)
       AND (:side IS NULL OR r.position_side = :side)
),
changed AS MATERIALIZED (
    SELECT h.*
      FROM leg AS l
     CROSS JOIN position_change AS h
        ON h.account = l.account
       AND h.symbol = l.symbol
       AND h.position_side = l.position_side
       AND h.first_seen_ms BETWEEN l.from_ms AND l.to_ms
),
-- Symbols of which a leg came or went in a poll while another took over: the account changed between hedge
-- and one-way mode.
switched AS MATERIALIZED (
    SELECT account, symbol, first_seen_ms
      FROM changed
     GROUP BY account, symbol, first_seen_ms
    HAVING max(change IN ('vanish', 'return') OR previous_update_ms IS NULL)
       AND max(change <> 'vanish'
               AND coalesce(position_amount, 0) <> coalesce(previous_position_amount, 0))
),
-- What differs in words. A REAL's text ends in at least one decimal, which a whole number does not need.
differing AS (
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
      FROM changed AS c
),
finding (finding, account, symbol, position_side, time_ms, detail) AS (
    SELECT 'pnl_difference', h.account, h.symbol, h.position_side, h.time_ms,
           format('reported %.8f, expected %.8f: off by %.8f, where decimals explain %.8f',
                  h.unrealized_pnl, h.expected_pnl, h.pnl_difference, h.pnl_tolerance)
      FROM leg AS l
     CROSS JOIN pnl_history AS h
        ON h.account = l.account
       AND h.symbol = l.symbol
       AND h.position_side = l.position_side
       AND h.time_ms BETWEEN l.from_ms AND l.to_ms
     WHERE abs(h.pnl_difference) > 1.5e-8 -- the least tolerance there is: cheaper to ask first
       AND abs(h.pnl_difference) > h.pnl_tolerance
    UNION ALL
    SELECT 'changed_without_update', account, symbol, position_side, first_seen_ms,
           'updateTime stood still at ' || update_time || ' while there changed' || rtrim(what, ';')
      FROM differing
     WHERE update_ms = previous_update_ms
       AND change NOT IN ('vanish', 'return')
       AND (account, symbol, first_seen_ms) NOT IN switched
       AND what <> ''
    UNION ALL
    SELECT 'update_time_went_back', account, symbol, position_side, first_seen_ms,
           'updateTime ' || update_time || ' after '
           || strftime('%Y-%m-%dT%H:%M:%fZ', previous_update_ms / 1000.0, 'unixepoch')
      FROM changed
     WHERE update_ms < previous_update_ms
       AND change <> 'return'
    UNION ALL
    SELECT 'sign_against_side', account, symbol, position_side, first_seen_ms,
           format('positionAmt %.15g on the %s side', position_amount, position_side)
      FROM changed
     WHERE (position_side = 'LONG' AND position_amount < 0)
        OR (position_side = 'SHORT' AND position_amount > 0)
    UNION ALL
    SELECT 'isolated_margin_on_cross', h.account, h.symbol, h.position_side, h.time_ms,
           format('isolatedMargin %.8f on a leg whose marginType is cross', h.isolated_margin)
      FROM leg AS l
     CROSS JOIN margin_history AS h
        ON h.account = l.account
       AND h.symbol = l.symbol
       AND h.position_side = l.position_side
       AND h.time_ms BETWEEN l.from_ms AND l.to_ms
     WHERE h.isolated_margin <> 0 AND h.margin_type = 'cross'
    UNION ALL
    SELECT 'gap_hides_change', c.account, c.symbol, c.position_side, c.first_seen_ms,
           c.change || format(' seen only after a gap of %.3f s, since ',
                              (c.first_seen_ms - g.from_ms) / 1000.0) || g.from_time
      FROM changed AS c
     CROSS JOIN gap AS g
        ON g.account = c.account
       AND g.from_ms = (SELECT p.received_ms
                          FROM poll_log AS p
                         WHERE p.account = c.account
                           AND p.outcome = 'ok'
                           AND p.received_ms < c.first_seen_ms
                         ORDER BY p.received_ms DESC LIMIT 1)
     WHERE c.change <> 'seen'
    UNION ALL
    SELECT 'close_never_seen', account, symbol, position_side, first_seen_ms,
           format('the answer no longer has it; it was last seen with positionAmt %.15g',
                  previous_position_amount)
      FROM changed
     WHERE change = 'vanish'
       AND previous_position_amount <> 0
       AND (account, symbol, first_seen_ms) NOT IN switched
    UNION ALL
    SELECT 'close_never_seen', h.account, h.symbol, h.position_side, h.time_ms,
           format('last seen here with positionAmt %.15g; later polls did not ask for it',
                  h.position_amount)
      FROM leg AS l
     CROSS JOIN pnl_history AS h
        ON h.account = l.account
       AND h.symbol = l.symbol
       AND h.position_side = l.position_side
       AND h.time_ms = l.last_ms
     WHERE l.last_ms BETWEEN l.from_ms AND l.to_ms
       AND h.position_amount <> 0
       AND EXISTS (SELECT 1
                     FROM poll_log AS p
                    WHERE p.account = l.account
                      AND p.outcome = 'ok'
                      AND p.received_ms > l.last_ms)
)
SELECT f.finding,
       f.account,
       f.symbol,
       f.position_side,
       p.capture_id,
       p.received AS time,
       f.detail
  FROM finding AS f
 CROSS JOIN poll_log AS p
    ON p.account = f.account AND p.received_ms = f.time_ms
 ORDER BY f.time_ms, p.capture_id, f.finding, f.symbol, f.position_side;
