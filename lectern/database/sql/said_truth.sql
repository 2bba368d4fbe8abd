CREATE OR REPLACE VIEW said_truth AS
SELECT a.workspace_id, a.id AS asset_id, t.* FROM asset a
CROSS JOIN LATERAL said_in(a.workspace_id, a.id) AS t;
