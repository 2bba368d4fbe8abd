-- `code_listing` is `listing` once more, with the index of codes instead of those to sort by: so a
-- change of codes writes one index, not seven, and `listing` changes in place.
CREATE OR REPLACE FUNCTION copy_listing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO code_listing (workspace_id, asset_id, live, created_at, name_key, byte_size,
            duration_s, usage_count, last_used_at, codes)
        SELECT workspace_id, asset_id, live, created_at, name_key, byte_size, duration_s,
            usage_count, last_used_at, codes FROM after_it
        ON CONFLICT (workspace_id, asset_id) DO UPDATE SET live = excluded.live,
            created_at = excluded.created_at, name_key = excluded.name_key,
            byte_size = excluded.byte_size, duration_s = excluded.duration_s,
            usage_count = excluded.usage_count, last_used_at = excluded.last_used_at,
            codes = excluded.codes;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE code_listing c SET live = n.live, created_at = n.created_at, name_key = n.name_key,
            byte_size = n.byte_size, duration_s = n.duration_s, usage_count = n.usage_count,
            last_used_at = n.last_used_at, codes = n.codes
        FROM after_it n WHERE c.workspace_id = n.workspace_id AND c.asset_id = n.asset_id;
    ELSE
        DELETE FROM code_listing c USING before_it o
        WHERE c.workspace_id = o.workspace_id AND c.asset_id = o.asset_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER listing_added_copied AFTER INSERT ON listing REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION copy_listing();

CREATE OR REPLACE TRIGGER listing_changed_copied AFTER UPDATE ON listing REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT WHEN (current_setting('lectern.listing_followed', true) IS DISTINCT FROM 'yes')
    EXECUTE FUNCTION copy_listing();

CREATE OR REPLACE TRIGGER listing_removed_copied AFTER DELETE ON listing REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION copy_listing();
