-- What samples are taken from: the answers of `account`.
, source AS NOT MATERIALIZED (SELECT * FROM capture_log WHERE endpoint = 'account'),
source_pair AS NOT MATERIALIZED (SELECT * FROM capture_pair WHERE endpoint = 'account')
