-- The same as `require_tags` does, for assets.
CREATE OR REPLACE FUNCTION require_assets(workspace uuid, ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held bigint;
BEGIN
    WITH locked AS (
        SELECT FROM asset t WHERE t.workspace_id = workspace AND t.id = ANY (ids)
        ORDER BY t.id FOR KEY SHARE
    ) SELECT count(*) INTO held FROM locked;
    IF held < cardinality(ids) THEN
        RAISE EXCEPTION 'An asset that a tag is put on does not exist.'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
