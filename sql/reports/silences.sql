-- How many parts of the range are not recorded. After with_silence.
SELECT count(*) FROM silence;
