-- Assets are held in their order, so that of two writers the second sees what the first wrote.
CREATE OR REPLACE FUNCTION keep_said(workspace uuid, assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM asset a WHERE a.workspace_id = workspace AND a.id = ANY (assets)
        ORDER BY a.id FOR NO KEY UPDATE;
    WITH fresh AS MATERIALIZED (
        SELECT a.id AS asset_id, t.* FROM asset a
        CROSS JOIN LATERAL said_in(a.workspace_id, a.id) AS t
        WHERE a.workspace_id = workspace AND a.id = ANY (assets)
    ), gone AS (
        DELETE FROM said s WHERE s.workspace_id = workspace AND s.asset_id = ANY (assets)
            AND NOT EXISTS (SELECT FROM fresh f WHERE f.asset_id = s.asset_id AND f.kind = s.kind
                AND f.number = s.number)
    )
    INSERT INTO said AS s (workspace_id, asset_id, kind, number, start_s, end_s, text)
    SELECT workspace, f.* FROM fresh f ON CONFLICT (workspace_id, asset_id, kind, number)
    DO UPDATE SET start_s = excluded.start_s, end_s = excluded.end_s, text = excluded.text
    WHERE (s.start_s, s.end_s, s.text)
        IS DISTINCT FROM (excluded.start_s, excluded.end_s, excluded.text);
    DELETE FROM asset_said x WHERE x.workspace_id = workspace AND x.asset_id = ANY (assets)
        AND NOT EXISTS (SELECT FROM said s
            WHERE s.workspace_id = x.workspace_id AND s.asset_id = x.asset_id);
    INSERT INTO asset_said (workspace_id, asset_id, said, shown, grams)
    SELECT t.*, grams(t.said || ' ' || t.shown) FROM asset_said_truth t
    WHERE t.workspace_id = workspace AND t.asset_id = ANY (assets) AND NOT EXISTS (
        SELECT FROM asset_said x WHERE x.workspace_id = t.workspace_id
            AND x.asset_id = t.asset_id AND x.said = t.said AND x.shown = t.shown)
    ON CONFLICT (workspace_id, asset_id) DO UPDATE
    SET said = excluded.said, shown = excluded.shown, grams = excluded.grams;
END $$;
