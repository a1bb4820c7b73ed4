-- Where the extremes since the sample before are looked for, after with_points: from `hour_ms` to `last_hour_ms` in
-- whole hours as they were summed up, and in the valuations that fill none at either end. An end whose valuations
-- are the whole hour's own begins, or ends, with it.
, part AS (
    SELECT t.*,
           t.since_ms - t.since_ms % 3600000
               + iif(EXISTS (SELECT 1
                               FROM leg_hour AS h
                              WHERE h.leg_id = t.leg_id
                                AND h.hour_ms = t.since_ms - t.since_ms % 3600000
                                AND h.first_ms >= t.since_ms), 0, 3600000) AS hour_ms,
           t.at_ms - t.at_ms % 3600000
               - iif(EXISTS (SELECT 1
                               FROM leg_hour AS h
                              WHERE h.leg_id = t.leg_id
                                AND h.hour_ms = t.at_ms - t.at_ms % 3600000
                                AND h.last_ms <= t.at_ms), 0, 3600000) AS last_hour_ms
      FROM valued AS t
     LIMIT -1 -- so that this is asked once for each
)
