CREATE OR REPLACE VIEW asset_said_truth AS
SELECT workspace_id, asset_id,
    left(coalesce(string_agg(folded, ' ' ORDER BY number) FILTER (WHERE kind = 'said'), ''),
        400000) AS said,
    left(coalesce(string_agg(folded, ' ' ORDER BY kind, number) FILTER (WHERE kind <> 'said'), ''),
        400000) AS shown
FROM said GROUP BY workspace_id, asset_id;
