-- When the record begins and ends: at the first state of a leg and with the last good poll.
SELECT min((SELECT min(v.time_ms) FROM valuation AS v WHERE v.leg_id = l.leg_id)) AS from_ms,
       (SELECT max(s.received_ms)
          FROM account AS b
         CROSS JOIN capture AS s
            ON s.account_id = b.account_id
           AND s.endpoint = 'positionRisk'
           AND s.received_ms = (SELECT max(c.received_ms)
                                  FROM capture AS c
                                 WHERE c.account_id = b.account_id AND c.endpoint = 'positionRisk')
         WHERE :account IS NULL OR b.name = :account) AS to_ms
  FROM account AS a
  JOIN leg AS l ON l.account_id = a.account_id
 WHERE :account IS NULL OR a.name = :account;
