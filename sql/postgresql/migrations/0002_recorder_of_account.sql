-- A row's recorder is its account's: what a question of one or the other counts is the same, and the rows of a recorder
-- are found by their keys.

ALTER TABLE account         ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE contract        ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE leg             ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE capture         ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE payload         ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE position        ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE valuation       ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE account_update  ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE position_update ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE balance_update  ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE leverage_update ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE margin_call     ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE trade           ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE balance         ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE leg_margin      ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE income          ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE leg_hour        ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);
ALTER TABLE poll_hour       ADD CONSTRAINT recorder_of_account CHECK (recorder_id = account_id >> 20);

-- What is no contract of the product's has no USD, as in the files (their schema 8).
UPDATE leg_hour AS h
   SET unrealized_pnl_usd_first_e8 = NULL, unrealized_pnl_usd_last_e8 = NULL,
       unrealized_pnl_usd_min_e8 = NULL, unrealized_pnl_usd_max_e8 = NULL
  FROM leg AS l
  JOIN contract AS c ON c.account_id = l.account_id AND c.contract_id = l.contract_id
 WHERE l.account_id = h.account_id AND l.leg_id = h.leg_id AND c.contract_size_e8 IS NULL;
