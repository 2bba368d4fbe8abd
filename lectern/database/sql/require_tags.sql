-- What a foreign key does when rows are added, once for all rows of a statement: the tags cannot be
-- removed before the commit, and one that does not exist is an error.
CREATE OR REPLACE FUNCTION require_tags(workspace uuid, ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE held bigint;
BEGIN
    WITH locked AS (
        SELECT FROM tag t WHERE t.workspace_id = workspace AND t.id = ANY (ids)
        ORDER BY t.id FOR KEY SHARE
    ) SELECT count(*) INTO held FROM locked;
    IF held < cardinality(ids) THEN
        RAISE EXCEPTION 'A tag that is put on an asset does not exist.'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
