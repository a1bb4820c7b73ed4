-- Of each account, since when its polls are not summed up yet.
CREATE VIEW poll_running AS
SELECT account_id,
       coalesce((SELECT max(h.hour_ms) + 3600000 FROM poll_hour AS h WHERE h.account_id = a.account_id), 0)
           AS from_ms
  FROM account AS a;
