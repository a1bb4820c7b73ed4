-- What the page shows of round trips: their extremes cost most and are not. Kept under the view's name, so that what the
-- page asks of it later asks this.
SELECT account,
       symbol,
       position_side,
       trip,
       direction,
       opened_ms,
       opened,
       closed_ms,
       closed,
       held_s,
       max_amount,
       entry_price,
       exit_price,
       margin_asset,
       net_pnl,
       net_pnl_usd,
       close_kind,
       missing
  FROM round_trip
 WHERE :account IS NULL OR account = :account;
