-- What every row of `asset_text` must equal; `fsck` compares, and new rows come from here.
CREATE OR REPLACE VIEW asset_text_truth AS
SELECT a.workspace_id, a.id AS asset_id, fold(a.name) || E'\n' || fold(a.original_name) AS names,
    fold(a.description) AS description
FROM asset a;
