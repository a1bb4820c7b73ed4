-- What round trips are made of: of each leg every trade, funding and settlement that fell into a trip, and every change of
-- its amount that no trade explains, by the trip that it belongs to, counted from 1. A trade through zero has two parts.
CREATE VIEW trip_part AS
SELECT * FROM trip_part_kept
UNION ALL
SELECT * FROM trip_part_since;
