-- What ledger_position and ledger_update tell, which come before it, as the view timeline_told has it. The leg's number stands
-- for what the text finds its names by, and what is not shown is left out: numbers are sorted, and few of them.
, account (account_id, product, name) AS (SELECT 0, 0, NULL),
contract (contract_id, product, symbol, pair, margin_asset) AS (SELECT 0, 0, NULL, NULL, NULL),
leg (leg_id, account_id, contract_id, position_side) AS NOT MATERIALIZED (SELECT leg_id, 0, 0, leg_id FROM main.leg),
timeline_told AS NOT MATERIALIZED (
    SELECT t.position_side AS account, NULL AS symbol, NULL AS pair, NULL AS margin_asset, NULL AS position_side, t.time_ms,
           NULL AS update_ms, NULL AS revision, t.source, t.position_amount, t.entry_price, NULL AS break_even_price,
           t.leverage, t.margin_type, NULL AS isolated_wallet, t.present, t.capture_id, NULL AS other_capture_id
      FROM (
--include timeline_told
           ) AS t
)
