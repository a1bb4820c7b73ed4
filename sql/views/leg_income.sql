-- Income by leg, as the PnL of positions: `kind` is realized, funding, commission or other (insurance, delivery
-- and what else there is). Moving coins in and out of the wallet is no PnL and not here. What names a trade is
-- that leg's; what names none (funding, delivery) is counted at the leg of the symbol that was open then by the
-- poll before, the larger one where both sides were; where none was, at the one that traded last.
CREATE VIEW leg_income AS
SELECT r.account,
       r.symbol,
       r.pair,
       r.margin_asset,
       coalesce(r.position_side,
--include side_open
               ) AS position_side,
       r.asset,
       r.time_ms,
       r.time,
       r.income_type,
       CASE r.income_type
           WHEN 'REALIZED_PNL' THEN 'realized'
           WHEN 'FUNDING_FEE' THEN 'funding'
           WHEN 'COMMISSION' THEN 'commission'
           ELSE 'other'
       END AS kind,
       r.income,
       r.income_usd,
       r.capture_id
  FROM income_history AS r
 WHERE r.income_type NOT LIKE '%TRANSFER%' AND r.income_type NOT LIKE 'COIN_SWAP%';
