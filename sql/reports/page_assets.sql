-- The rows of page_asset, which is kept of equity.
SELECT * FROM page_asset;
