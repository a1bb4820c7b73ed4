-- What the audit found, of page_finding, which is kept of reconcile.
SELECT * FROM page_finding;
