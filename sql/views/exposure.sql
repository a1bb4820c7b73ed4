-- What each account had at stake in each margin asset at each poll: the USD notional of its contracts
-- (valuation_history has how it is computed), long and short, their difference and their sum; and the unrealized PnL of
-- all its legs in the asset. An asset has a row whenever one of its legs has a valuation: at every poll
-- while any is open. They are sorted by time first: a number is compared faster than names. What is summed up is
-- whole at 10^8, so that no order of the legs changes the sum.
CREATE VIEW exposure AS
SELECT account,
       margin_asset,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       long_usd,
       short_usd,
       long_usd - short_usd AS net_usd,
       long_usd + short_usd AS gross_usd,
       unrealized_pnl
  FROM (SELECT account,
               margin_asset,
               time_ms,
               total(notional_usd_e8) FILTER (WHERE position_amount_e8 > 0) / 1e8 AS long_usd,
               total(notional_usd_e8) FILTER (WHERE position_amount_e8 < 0) / -1e8 AS short_usd,
               coalesce(sum(unrealized_pnl_e8), 0) / 1e8 AS unrealized_pnl
          FROM valuation_history
         GROUP BY time_ms, margin_asset, account);
