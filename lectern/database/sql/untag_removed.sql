-- What a foreign key with ON DELETE CASCADE does, once for all assets or tags of a statement.
CREATE OR REPLACE FUNCTION untag_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'tag' THEN
        DELETE FROM asset_tag t USING removed r
        WHERE t.workspace_id = r.workspace_id AND t.tag_id = r.id;
    ELSE
        DELETE FROM asset_tag t USING removed r
        WHERE t.workspace_id = r.workspace_id AND t.asset_id = r.id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_untagged AFTER DELETE ON asset REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION untag_removed();

CREATE OR REPLACE TRIGGER tag_untagged AFTER DELETE ON tag REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION untag_removed();
