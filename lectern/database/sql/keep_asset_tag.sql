CREATE OR REPLACE FUNCTION keep_asset_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An asset keeps its tag: take it off and put on another.';
END $$;

CREATE OR REPLACE TRIGGER asset_tag_kept BEFORE UPDATE OF asset_id, tag_id, workspace_id ON asset_tag
    FOR EACH ROW EXECUTE FUNCTION keep_asset_tag();
