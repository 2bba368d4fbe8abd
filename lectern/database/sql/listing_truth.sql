-- What every row of `listing` must equal; `fsck` compares, and new rows come from here.
CREATE OR REPLACE VIEW listing_truth AS
SELECT a.workspace_id, a.id AS asset_id, a.live, a.created_at, natural_key(a.name) AS name_key,
    coalesce(a.byte_size, 0) AS byte_size, coalesce(a.duration_s, -1) AS duration_s, a.usage_count,
    coalesce(a.last_used_at, to_timestamp(0)) AS last_used_at,
    asset_codes(a.workspace_id, a.kind, a.state, a.usage_count, a.last_used_at, a.folder_id,
        a.created_by)
    || ARRAY(SELECT facet_code(1, t.tag_id) FROM asset_tag t
        WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id)
    || ARRAY(SELECT DISTINCT facet_code(2, u.course_id) FROM usage u
        WHERE u.workspace_id = a.workspace_id AND u.asset_id = a.id)
    || ARRAY(SELECT fixed_code(a.workspace_id, 41) FROM digest_count d
        WHERE d.workspace_id = a.workspace_id AND d.digest = a.digest AND d.assets > 1 AND a.live)
    AS codes
FROM asset a;
