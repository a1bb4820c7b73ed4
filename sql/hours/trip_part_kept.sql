-- Legs of one account or of all whose parts of trips can be kept: none where the trades of a leg of its contract began before
-- anything was told of its amount (what it held then is found at the first telling), and of all so many
-- trades at most, those with the fewest first.
leg AS MATERIALIZED (
    SELECT leg_id, account_id, contract_id, position_side
      FROM (SELECT *, sum(trades) OVER (ORDER BY of_contract, account_id, contract_id) AS of_all
              FROM (SELECT *,
                           sum(trades) OVER contract AS of_contract,
                           max(trades > 0 AND NOT is_told) OVER contract AS is_untold
                      FROM (SELECT l.*,
                                   (SELECT count(*)
                                      FROM (SELECT 1
                                              FROM trade AS t
                                             WHERE t.leg_id = l.leg_id
                                               AND t.time_ms
                                                   > coalesce((SELECT k.time_ms
                                                                 FROM trip_part_kept AS k
                                                                WHERE k.leg_id = l.leg_id
                                                                ORDER BY k.trip DESC, k.number DESC LIMIT 1),
                                                              -9000000000000000)
                                               AND t.time_ms < :until_ms
                                             LIMIT :at_most + 1)) AS trades,
                                   EXISTS (SELECT 1
                                             FROM position AS p
                                            WHERE p.leg_id = l.leg_id
                                              AND p.update_ms > 0
                                              AND p.update_ms < :until_ms
                                              AND p.revision = 0
                                              AND p.present = 1
                                              AND p.position_amount_e8 IS NOT NULL) AS is_told
                              FROM main.leg AS l
                             WHERE :account_id IS NULL OR l.account_id = :account_id)
                    WINDOW contract AS (PARTITION BY account_id, contract_id)))
     WHERE NOT is_untold AND of_all <= :at_most
)
