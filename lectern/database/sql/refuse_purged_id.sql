-- After the row, not before: it may have waited for the purge that ends its predecessor.
CREATE OR REPLACE FUNCTION refuse_purged_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN tombstone t
        ON t.workspace_id = added.workspace_id AND t.id = added.id) THEN
        RAISE EXCEPTION 'The id of a purged asset is never used again.'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_id_kept AFTER INSERT ON asset REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_purged_id();
