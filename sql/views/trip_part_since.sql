-- The parts of round trips (trip_part) that are not kept: of each leg of trip_base what is later than its from_ms, where it stood
-- at amount_e8, and had so many trips and parts before. Amounts go
-- through the trades; where a poll shows another amount than they come to, by the poll from there on, and before the
-- first poll back from it. Of what shares a millisecond income comes first, then trades by their ids, then the delivery.
CREATE VIEW trip_part_since AS
WITH
base AS MATERIALIZED (
    SELECT * FROM trip_base
),
-- Every trade as trade_history has it. Commission is of the margin asset; a message names neither amount nor asset where none was taken.
traded AS MATERIALIZED (
    SELECT t.leg_id,
           t.time_ms,
           t.trade_id,
           CASE t.side WHEN 'BUY' THEN t.quantity_e8 WHEN 'SELL' THEN -t.quantity_e8 END AS quantity_e8,
           t.price_e8,
           t.realized_pnl_e8,
           CASE
               WHEN t.commission_asset <> c.margin_asset THEN 0
               WHEN t.source = 'stream' AND t.commission_asset IS NULL THEN coalesce(t.commission_e8, 0)
               ELSE t.commission_e8
           END AS commission_e8
      FROM base AS b
     CROSS JOIN contract AS c ON c.contract_id = b.contract_id
     CROSS JOIN trade AS t ON t.leg_id = b.leg_id AND t.time_ms > b.from_ms
     WHERE
--include trade_once
),
-- What polls showed of a leg, by the exchange's time; what changed while that stood still (but for several trades of one
-- millisecond), and what has no time, by the poll's. A leg that is gone holds nothing. What has the exchange's time needs no look at
-- another table to be found too old.
shown AS (
    SELECT leg_id, time_ms, amount_e8, max(revision)
      FROM (SELECT p.leg_id,
                   p.revision,
                   b.from_ms,
                   iif(p.present = 1, p.position_amount_e8, 0) AS amount_e8,
                   iif(p.present = 1
                       AND p.update_ms > 0
                       AND (p.revision = 0
                            OR (SELECT count(DISTINCT t.trade_id)
                                  FROM trade AS t
                                 WHERE t.leg_id = p.leg_id AND t.time_ms = p.update_ms) > 1),
                       p.update_ms,
                       (SELECT coalesce(c.sent_ms, c.received_ms) FROM capture AS c WHERE c.capture_id = p.capture_id))
                       AS time_ms
              FROM base AS b
             CROSS JOIN position AS p ON p.leg_id = b.leg_id
             WHERE (p.update_ms > b.from_ms OR p.revision > 0 OR p.present = 0 OR p.update_ms <= 0)
               AND (p.present = 0 OR p.position_amount_e8 IS NOT NULL)
               AND (p.revision = 0
                    OR p.present = 0
                    OR p.position_amount_e8
                       IS NOT (SELECT x.position_amount_e8
                                 FROM position AS x
                                WHERE x.leg_id = p.leg_id
                                  AND x.update_ms = p.update_ms
                                  AND x.revision = p.revision - 1)))
     WHERE time_ms > from_ms
     GROUP BY leg_id, time_ms
),
-- Income that names no trade: it is of one of the legs of its symbol.
paid AS MATERIALIZED (
    SELECT b.leg_id, i.time_ms, i.income_type, i.tran_id, i.income_e8
      FROM base AS b
     CROSS JOIN contract AS c ON c.contract_id = b.contract_id
     CROSS JOIN income AS i INDEXED BY income_of_leg
        ON i.account_id = b.account_id
       AND i.symbol = c.symbol
       AND i.time_ms > b.settled_ms
       AND i.asset = c.margin_asset
     WHERE i.income_type IN ('FUNDING_FEE', 'DELIVERED_SETTELMENT') -- as the exchange spells it
       AND
--include income_last
),
-- The amounts that are stated, of a contract that was delivered too, with what they are more than the trades come to.
delivered AS (
    SELECT leg_id, max(time_ms) AS time_ms
      FROM paid
     WHERE income_type = 'DELIVERED_SETTELMENT'
     GROUP BY leg_id
),
stated AS (
    SELECT leg_id, time_ms, kind, stated_e8 - sum_e8 AS more_e8
      FROM (SELECT leg_id,
                   time_ms,
                   kind,
                   stated_e8,
                   coalesce(sum(quantity_e8) OVER (PARTITION BY leg_id ORDER BY time_ms, kind
                                                   ROWS UNBOUNDED PRECEDING), 0) AS sum_e8
              FROM (SELECT leg_id, time_ms, 3 AS kind, quantity_e8, NULL AS stated_e8 FROM traded
                     UNION ALL
                    SELECT leg_id, from_ms, 0, amount_e8, amount_e8 FROM base WHERE is_kept
                     UNION ALL
                    SELECT leg_id, time_ms, 4, 0, 0 FROM delivered
                     UNION ALL
                    SELECT leg_id, time_ms, 5, 0, amount_e8 FROM shown))
     WHERE stated_e8 IS NOT NULL
),
-- What changed without a trade. Of what is stated first there is no before: so much the leg held when its trades begin.
jump AS (
    SELECT leg_id,
           iif(before_e8 IS NULL, 0, kind) AS kind,
           iif(before_e8 IS NULL,
               min(time_ms, coalesce((SELECT min(t.time_ms) FROM trade AS t WHERE t.leg_id = j.leg_id), time_ms)),
               time_ms) AS time_ms,
           more_e8 - coalesce(before_e8, 0) AS quantity_e8
      FROM (SELECT *, lag(more_e8) OVER (PARTITION BY leg_id ORDER BY time_ms, kind) AS before_e8 FROM stated) AS j
     WHERE more_e8 <> coalesce(before_e8, 0)
),
event (leg_id, time_ms, kind, id, quantity_e8, price_e8, realized_e8, commission_e8) AS (
    SELECT leg_id, from_ms, -1, '', amount_e8, NULL, 0, 0
      FROM base
     WHERE is_kept
    UNION ALL
    SELECT leg_id, time_ms, iif(income_type = 'FUNDING_FEE', 1, 2), tran_id, 0, NULL, income_e8, 0
      FROM paid
    UNION ALL
    SELECT leg_id, time_ms, 3, trade_id, quantity_e8, price_e8, realized_pnl_e8, commission_e8
      FROM traded
    UNION ALL
    SELECT leg_id, time_ms, kind, '', quantity_e8, NULL, 0, 0
      FROM jump
),
amounted AS (
    SELECT *,
           coalesce(sum(quantity_e8) OVER leg, 0) AS after_e8,
           row_number() OVER leg AS number
      FROM event
    WINDOW leg AS (PARTITION BY leg_id ORDER BY time_ms, kind, CAST(id AS INTEGER), id ROWS UNBOUNDED PRECEDING)
),
numbered AS MATERIALIZED (
    SELECT *, sum(opens) OVER (PARTITION BY leg_id ORDER BY number ROWS UNBOUNDED PRECEDING) AS trip
      FROM (SELECT *,
                   before_e8 <> 0 AS stands,
                   after_e8 <> 0 AND (before_e8 = 0 OR (before_e8 < 0) <> (after_e8 < 0)) AS opens
              FROM (SELECT *, after_e8 - coalesce(quantity_e8, 0) AS before_e8 FROM amounted))
),
-- Income of a symbol of which both sides were open: of as many rows as legs the larger row is the larger leg's; where that
-- tells nothing all of it is the larger one's, of equal ones the first's. Here is what a leg does not get.
foreign_income (leg_id, number) AS (
    SELECT leg_id, number
      FROM (SELECT *,
                   count(*) OVER (PARTITION BY leg_id, time_ms, kind) AS row_count,
                   row_number() OVER (PARTITION BY leg_id, time_ms, kind
                                      ORDER BY abs(realized_e8) DESC, CAST(id AS INTEGER), id) AS row_rank
              FROM (SELECT n.leg_id,
                           n.number,
                           n.time_ms,
                           n.kind,
                           n.id,
                           n.realized_e8,
                           count(*) OVER paid AS legs,
                           min(abs(n.before_e8)) OVER paid = max(abs(n.before_e8)) OVER paid AS is_even,
                           row_number() OVER (PARTITION BY l.account_id, l.contract_id, n.time_ms, n.kind, n.id
                                              ORDER BY abs(n.before_e8) DESC, n.leg_id) AS leg_rank
                      FROM numbered AS n
                     CROSS JOIN leg AS l ON l.leg_id = n.leg_id
                     WHERE n.kind IN (1, 2)
                       AND n.stands
                       AND EXISTS (SELECT 1
                                     FROM leg AS o
                                    WHERE o.contract_id = l.contract_id
                                      AND o.account_id = l.account_id
                                      AND o.leg_id <> l.leg_id)
                    WINDOW paid AS (PARTITION BY l.account_id, l.contract_id, n.time_ms, n.kind, n.id)))
     WHERE legs > 1 AND leg_rank <> iif(legs = row_count AND NOT is_even, row_rank, 1)
)
-- A trade that opens no trip goes to the one that stands, one through zero to both: to the first as much of its
-- commission as of its contracts, rounded half away from zero.
SELECT n.leg_id,
       b.trips + n.trip - iif(h.is_second, 0, n.opens) AS trip,
       n.time_ms,
       CASE n.kind
           WHEN 0 THEN 'start'
           WHEN 1 THEN 'funding'
           WHEN 2 THEN 'settlement'
           WHEN 3 THEN 'trade'
           WHEN 4 THEN 'delivery'
           ELSE 'unknown'
       END AS kind,
       n.id,
       b.parts + row_number() OVER (PARTITION BY n.leg_id ORDER BY n.number, h.is_second) AS number,
       h.is_second AND n.kind > 0 AS is_first,
       n.stands AND NOT h.is_second AND (n.after_e8 = 0 OR n.opens) AS is_last,
       iif(h.is_second, 0, n.before_e8) AS before_e8,
       iif(NOT h.is_second AND n.opens, 0, n.after_e8) AS after_e8,
       n.quantity_e8,
       n.price_e8,
       iif(n.kind = 1 OR (h.is_second AND n.stands), 0, n.realized_e8) AS realized_pnl_e8,
       CASE
           WHEN NOT n.stands OR NOT n.opens THEN n.commission_e8
           WHEN h.is_second THEN n.commission_e8 - n.first_commission_e8
           ELSE n.first_commission_e8
       END AS commission_e8,
       iif(n.kind = 1, n.realized_e8, 0) AS funding_e8
  FROM (SELECT *,
               iif(stands AND opens,
                   CAST((2 * commission_e8 * abs(before_e8) + iif(commission_e8 < 0, -1, 1) * abs(quantity_e8))
                        / (2 * abs(quantity_e8)) AS INTEGER),
                   NULL) AS first_commission_e8
          FROM numbered) AS n
 CROSS JOIN (SELECT 0 AS is_second UNION ALL SELECT 1) AS h
    ON iif(h.is_second, n.opens, n.stands)
 CROSS JOIN base AS b ON b.leg_id = n.leg_id
 WHERE n.kind >= 0 AND (n.kind NOT IN (1, 2) OR (n.leg_id, n.number) NOT IN foreign_income);
