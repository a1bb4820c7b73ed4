-- What is read in the evidence, apart from it: `capture` says for ever what was read when it was recorded, `reading`
-- where that is read otherwise now, and `read_by` which version of reading made the rows of which captures.
CREATE TABLE reading (
    capture_id INTEGER PRIMARY KEY REFERENCES capture(capture_id),
    reader     INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    detail     TEXT CHECK (detail <> ''),
    row_count  INTEGER NOT NULL CHECK (row_count >= 0)
) STRICT;

CREATE TABLE read_by (
    from_capture_id INTEGER PRIMARY KEY CHECK (from_capture_id >= 1),
    reader          INTEGER NOT NULL
) STRICT;

INSERT INTO read_by SELECT 1, 1 WHERE EXISTS (SELECT 1 FROM capture);

-- Tools that read PRAGMA foreign_key_list want each reference's column named. Nothing that is stored changes, so only
-- the tables' texts do, as SQLite describes it ("ALTER TABLE", "Making Other Kinds Of Table Schema Changes").
PRAGMA writable_schema = ON;

UPDATE sqlite_schema
   SET sql = replace(replace(replace(replace(replace(sql,
                 'REFERENCES account', 'REFERENCES account(account_id)'),
                 'REFERENCES contract', 'REFERENCES contract(contract_id)'),
                 'REFERENCES leg', 'REFERENCES leg(leg_id)'),
                 'REFERENCES payload', 'REFERENCES payload(payload_id)'),
                 'REFERENCES capture', 'REFERENCES capture(capture_id)')
 WHERE type = 'table'
   AND name IN ('contract', 'leg', 'payload', 'capture', 'position', 'valuation', 'account_update', 'position_update',
                'balance_update', 'leverage_update', 'margin_call', 'trade', 'balance', 'leg_margin', 'income',
                'leg_hour', 'poll_hour');

PRAGMA writable_schema = RESET;
