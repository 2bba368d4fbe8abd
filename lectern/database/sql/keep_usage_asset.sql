CREATE OR REPLACE FUNCTION keep_usage_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A usage keeps its asset: end it and add another.';
END $$;

CREATE OR REPLACE TRIGGER usage_asset_kept BEFORE UPDATE OF asset_id, workspace_id ON usage
    FOR EACH ROW WHEN (OLD.asset_id <> NEW.asset_id OR OLD.workspace_id <> NEW.workspace_id)
    EXECUTE FUNCTION keep_usage_asset();
