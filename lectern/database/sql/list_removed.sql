CREATE OR REPLACE FUNCTION list_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO digest_count (workspace_id, digest, assets)
    SELECT workspace_id, digest, -count(*) FROM removed WHERE live AND digest IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = digest_count.assets + excluded.assets;
    PERFORM mark_twins(array_agg(workspace_id || ' ' || digest)) FROM removed
    WHERE digest IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_removed AFTER DELETE ON asset REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION list_removed();
