-- Income by leg, as the PnL of positions: `kind` is realized, funding, commission or other (insurance, delivery
-- and what else there is). Moving coins in and out of the wallet is no PnL and not here. What names a trade is
-- that leg's; what names none (funding, delivery) is counted at the leg of the symbol that was open then by the
-- poll before, the larger one where both sides were; where none was, at the one that traded last.
CREATE VIEW leg_income AS
SELECT h.account,
       h.symbol,
       h.pair,
       h.margin_asset,
       coalesce(h.position_side,
                (SELECT g.position_side
                   FROM (SELECT l.leg_id,
                                l.position_side,
                                abs(coalesce(p.position_amount_e8, 0)) AS size_e8,
                                (SELECT max(t.time_ms)
                                   FROM trade AS t
                                  WHERE t.leg_id = l.leg_id AND t.time_ms <= h.time_ms) AS traded_ms
                           FROM account AS a
                          CROSS JOIN contract AS c ON c.product = a.product AND c.symbol = h.symbol
                          CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = c.contract_id
                           LEFT JOIN valuation AS v
                             ON v.leg_id = l.leg_id
                            AND v.time_ms = (SELECT max(w.time_ms)
                                               FROM valuation AS w
                                              WHERE w.leg_id = l.leg_id AND w.time_ms < h.time_ms)
                           LEFT JOIN position AS p
                             ON p.leg_id = v.leg_id AND p.update_ms = v.update_ms AND p.revision = v.revision
                          WHERE a.name = h.account) AS g
                  ORDER BY g.size_e8 DESC, g.traded_ms DESC, g.leg_id LIMIT 1)) AS position_side,
       h.asset,
       h.time_ms,
       h.time,
       h.income_type,
       CASE h.income_type
           WHEN 'REALIZED_PNL' THEN 'realized'
           WHEN 'FUNDING_FEE' THEN 'funding'
           WHEN 'COMMISSION' THEN 'commission'
           ELSE 'other'
       END AS kind,
       h.income,
       h.income_usd,
       h.capture_id
  FROM income_history AS h
 WHERE h.income_type NOT LIKE '%TRANSFER%' AND h.income_type NOT LIKE 'COIN_SWAP%';
