-- What report changes is made of, which is kept as the table happened: what happened to each leg up to the range's end, with
-- what was before. `is_shown`: the range has it; `leaves`: something of the position may have been left in it besides. After
-- with_change_legs, with_change_judged and with_change_told.
, timeline_change AS NOT MATERIALIZED (
--include timeline_change
)
SELECT l.leg_id, l.is_linear, h.time_ms, h.change, h.amount_change,
       h.previous_position_amount, h.position_amount, h.previous_entry_price, h.entry_price,
       h.previous_leverage, h.leverage, h.previous_margin_type, h.margin_type, h.source, h.capture_id,
       CAST(round(h.previous_position_amount * 1e8) AS INTEGER) AS previous_e8,
       CAST(round(coalesce(h.position_amount, 0) * 1e8) AS INTEGER) AS amount_e8,
       h.capture_id >= l.first_id AND (h.change IS NOT 'seen' OR :all) AS is_shown,
       h.capture_id >= l.first_id AND h.change IN ('reduce', 'close', 'flip', 'vanish') AS leaves
  FROM timeline_change AS h
 CROSS JOIN leg_named AS l ON l.leg_id = h.account AND h.capture_id <= l.last_id;
