-- What each account had at stake in each margin asset at each poll: the USD notional of its contracts
-- (valuation_history has how it is computed), long and short, their difference and their sum; and the unrealized PnL of
-- all its legs in the asset. NULL where one of the legs cannot be told in USD. An asset has a row whenever one of its legs has a valuation: at every poll
-- while any is open. They are sorted by time first: a number is compared faster than names. What is summed up is
-- whole at 10^8, so that no order of the legs changes the sum.
CREATE VIEW exposure AS
SELECT account,
       margin_asset,
       time_ms,
       strftime('%Y-%m-%dT%H:%M:%fZ', time_ms / 1000.0, 'unixepoch') AS time,
       long_e8 / 1e8 AS long_usd,
       short_e8 / 1e8 AS short_usd,
       (long_e8 - short_e8) / 1e8 AS net_usd,
       (long_e8 + short_e8) / 1e8 AS gross_usd,
       unrealized_pnl
  FROM (SELECT account,
               margin_asset,
               time_ms,
               iif(count(*) FILTER (WHERE position_amount_e8 > 0 AND notional_usd_e8 IS NULL), NULL,
                   total(notional_usd_e8) FILTER (WHERE position_amount_e8 > 0)) AS long_e8,
               iif(count(*) FILTER (WHERE position_amount_e8 < 0 AND notional_usd_e8 IS NULL), NULL,
                   -total(notional_usd_e8) FILTER (WHERE position_amount_e8 < 0)) AS short_e8,
               coalesce(sum(unrealized_pnl_e8), 0) / 1e8 AS unrealized_pnl
          FROM valuation_history
         GROUP BY time_ms, margin_asset, account);
