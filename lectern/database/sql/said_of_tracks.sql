CREATE OR REPLACE FUNCTION said_of_tracks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(c.workspace_id, array_agg(DISTINCT v.asset_id)) FROM changed c
    JOIN version v ON v.workspace_id = c.workspace_id AND v.id = c.version_id
    GROUP BY c.workspace_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER caption_track_insert_said AFTER INSERT ON caption_track REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION said_of_tracks();

CREATE OR REPLACE TRIGGER caption_track_update_said AFTER UPDATE ON caption_track REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION said_of_tracks();

CREATE OR REPLACE TRIGGER caption_track_delete_said AFTER DELETE ON caption_track REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION said_of_tracks();
