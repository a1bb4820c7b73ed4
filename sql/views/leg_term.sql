-- The size of each leg's contract, and from when to when it was that: up to to_ms, which is the next one's from_ms;
-- and whether the contract is linear.
CREATE VIEW leg_term AS
SELECT l.leg_id, t.from_ms, t.to_ms, t.contract_size_e8,
--include is_linear
           AS is_linear
  FROM leg AS l
 CROSS JOIN contract AS c ON c.contract_id = l.contract_id
 CROSS JOIN (SELECT contract_id,
                    from_ms,
                    lead(from_ms, 1, 9223372036854775807)
                        OVER (PARTITION BY contract_id ORDER BY from_ms, capture_id) AS to_ms,
                    contract_size_e8
               FROM contract_term) AS t
    ON t.contract_id = l.contract_id AND t.from_ms < t.to_ms;
