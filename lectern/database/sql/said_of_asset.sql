CREATE OR REPLACE FUNCTION said_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(NEW.workspace_id, ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_switched_said AFTER UPDATE OF current_version_id ON asset FOR EACH ROW
    WHEN (OLD.current_version_id IS DISTINCT FROM NEW.current_version_id)
    EXECUTE FUNCTION said_of_asset();
