-- The same choice as `lectern.insight.captions.segments`.
CREATE OR REPLACE FUNCTION spoken_in(workspace uuid, asset uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH here AS (
        SELECT v.asset_id, v.blob_id, v.number FROM asset a
        JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
        WHERE a.workspace_id = workspace AND a.id = asset
    ), seen AS (
        SELECT DISTINCT ON (t.language) t.language, t.state, t.cues, t.deleted_at
        FROM here h JOIN version v ON v.workspace_id = workspace AND v.asset_id = h.asset_id
            AND v.blob_id = h.blob_id AND v.number <= h.number
        JOIN caption_track t ON t.workspace_id = workspace AND t.version_id = v.id
        ORDER BY t.language, v.number DESC
    ), newest AS (
        SELECT t.language, t.segments, t.heard_at FROM here h
        JOIN transcript t ON t.workspace_id = workspace AND t.blob_id = h.blob_id
        ORDER BY t.heard_at DESC, t.id DESC LIMIT 1
    ), heard AS (
        SELECT * FROM newest WHERE jsonb_array_length(segments) > 0
    ), found AS (
        SELECT language, state, cues AS lines FROM seen WHERE deleted_at IS NULL
        UNION ALL SELECT language, 'machine', segments FROM heard WHERE NOT EXISTS (
            SELECT FROM seen s WHERE s.language = heard.language
                AND (s.deleted_at IS NULL OR s.deleted_at >= heard.heard_at))
    )
    SELECT lines FROM found WHERE position('-x-' IN language) = 0
    ORDER BY coalesce(language <> (SELECT language FROM heard), false),
        array_position('{reviewed,in_review,machine}', state), language COLLATE "C" LIMIT 1
$$;
