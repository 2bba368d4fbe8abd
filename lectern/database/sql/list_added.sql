CREATE OR REPLACE FUNCTION list_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO listing (workspace_id, asset_id, live, created_at, name_key, byte_size, duration_s,
        usage_count, last_used_at, codes)
    SELECT t.* FROM added JOIN listing_truth t
        ON t.workspace_id = added.workspace_id AND t.asset_id = added.id;
    INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)
    SELECT t.*, grams(t.names || E'\n' || t.description) FROM added JOIN asset_text_truth t
        ON t.workspace_id = added.workspace_id AND t.asset_id = added.id;
    INSERT INTO digest_count (workspace_id, digest, assets)
    SELECT workspace_id, digest, count(*) FROM added WHERE live AND digest IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = digest_count.assets + excluded.assets;
    PERFORM mark_twins(array_agg(workspace_id || ' ' || digest)) FROM added
    WHERE digest IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_added AFTER INSERT ON asset REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION list_added();
