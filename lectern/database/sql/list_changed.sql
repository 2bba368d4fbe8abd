-- One look at what a statement changed says which of the tables derived from it must follow.
CREATE OR REPLACE FUNCTION list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE moved bool; relisted bool; reworded bool; twins text[];
BEGIN
    SELECT bool_or((n.live, n.digest) IS DISTINCT FROM (o.live, o.digest)),
        bool_or((n.live, n.name, n.byte_size, n.duration_s, n.usage_count, n.last_used_at,
            n.created_at, n.kind, n.state, n.folder_id, n.created_by)
        IS DISTINCT FROM (o.live, o.name, o.byte_size, o.duration_s, o.usage_count, o.last_used_at,
            o.created_at, o.kind, o.state, o.folder_id, o.created_by)),
        bool_or((n.name, n.original_name, n.description)
            IS DISTINCT FROM (o.name, o.original_name, o.description))
    INTO moved, relisted, reworded
    FROM after_it n JOIN before_it o ON n.workspace_id = o.workspace_id AND n.id = o.id;
    IF moved THEN
        INSERT INTO digest_count (workspace_id, digest, assets)
        SELECT workspace_id, digest, sum(by) FROM (
            SELECT workspace_id, digest, 1 AS by FROM after_it WHERE live
            UNION ALL SELECT workspace_id, digest, -1 FROM before_it WHERE live) AS counted
        WHERE digest IS NOT NULL GROUP BY 1, 2 HAVING sum(by) <> 0 ORDER BY 1, 2
        ON CONFLICT (workspace_id, digest)
            DO UPDATE SET assets = digest_count.assets + excluded.assets;
        twins := ARRAY(SELECT workspace_id || ' ' || digest FROM after_it WHERE digest IS NOT NULL
            UNION SELECT workspace_id || ' ' || digest FROM before_it WHERE digest IS NOT NULL);
    END IF;
    IF relisted THEN
        UPDATE listing l SET live = n.live, name_key = natural_key(n.name),
            byte_size = coalesce(n.byte_size, 0), duration_s = coalesce(n.duration_s, -1),
            usage_count = n.usage_count,
            last_used_at = coalesce(n.last_used_at, to_timestamp(0)), created_at = n.created_at,
            codes = asset_codes(n.workspace_id, n.kind, n.state, n.usage_count, n.last_used_at,
                n.folder_id, n.created_by) || ARRAY(SELECT c FROM unnest(l.codes) c
                    WHERE c >> 60 < 3 OR c = fixed_code(n.workspace_id, 41))
        FROM after_it n WHERE l.workspace_id = n.workspace_id AND l.asset_id = n.id;
    END IF;
    IF reworded THEN
        UPDATE asset_text x SET names = t.names, description = t.description,
            grams = grams(t.names || E'\n' || t.description)
        FROM after_it n
        JOIN asset_text_truth t ON t.workspace_id = n.workspace_id AND t.asset_id = n.id
        WHERE x.workspace_id = n.workspace_id AND x.asset_id = n.id;
    END IF;
    IF twins <> '{}' THEN PERFORM mark_twins(twins); END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_changed AFTER UPDATE ON asset
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT WHEN (current_setting('lectern.only_touched', true) IS DISTINCT FROM 'yes')
    EXECUTE FUNCTION list_changed();
