-- A purged version takes along captions that later ones of the same bytes still showed.
CREATE OR REPLACE FUNCTION said_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(OLD.workspace_id, ARRAY[OLD.asset_id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER version_purged_said AFTER DELETE ON version FOR EACH ROW
    EXECUTE FUNCTION said_of_version();
