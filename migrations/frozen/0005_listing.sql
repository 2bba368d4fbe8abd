-- The triggers of the listing as migration 0005 made them; 0021 replaces them.
CREATE OR REPLACE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE asset a SET usage_count = a.usage_count + t.uses, last_used_at = clock_timestamp(),
            lock_version = a.lock_version + 1
        FROM (SELECT workspace_id, asset_id, count(*) AS uses FROM changed GROUP BY 1, 2) t
        WHERE a.workspace_id = t.workspace_id AND a.id = t.asset_id;
        UPDATE listing l SET codes = l.codes || t.codes
        FROM (SELECT c.workspace_id, c.asset_id, array_agg(DISTINCT code) AS codes
            FROM changed c CROSS JOIN LATERAL facet_code(2, c.course_id) AS code
            JOIN listing was ON was.workspace_id = c.workspace_id AND was.asset_id = c.asset_id
                AND code <> ALL (was.codes) GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    ELSE
        UPDATE asset a SET usage_count = a.usage_count - t.uses, lock_version = a.lock_version + 1
        FROM (SELECT workspace_id, asset_id, count(*) AS uses FROM changed GROUP BY 1, 2) t
        WHERE a.workspace_id = t.workspace_id AND a.id = t.asset_id;
        UPDATE listing l SET codes = ARRAY(SELECT c FROM unnest(l.codes) c WHERE c <> ALL (t.codes))
        FROM (SELECT c.workspace_id, c.asset_id, array_agg(facet_code(2, c.course_id)) AS codes
            FROM changed c WHERE NOT EXISTS (SELECT FROM usage u
                WHERE u.workspace_id = c.workspace_id AND u.asset_id = c.asset_id
                    AND u.course_id = c.course_id) GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER usage_added AFTER INSERT ON usage REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_usage();

CREATE OR REPLACE TRIGGER usage_ended AFTER DELETE ON usage REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_usage();

CREATE OR REPLACE FUNCTION list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE twins text[];
BEGIN
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.live, n.digest) IS DISTINCT FROM (o.live, o.digest)) THEN
        INSERT INTO digest_count (workspace_id, digest, assets)
        SELECT workspace_id, digest, sum(by) FROM (
            SELECT workspace_id, digest, 1 AS by FROM after_it WHERE live
            UNION ALL SELECT workspace_id, digest, -1 FROM before_it WHERE live) AS moved
        WHERE digest IS NOT NULL GROUP BY 1, 2 HAVING sum(by) <> 0 ORDER BY 1, 2
        ON CONFLICT (workspace_id, digest)
            DO UPDATE SET assets = digest_count.assets + excluded.assets;
        twins := ARRAY(SELECT workspace_id || ' ' || digest FROM after_it WHERE digest IS NOT NULL
            UNION SELECT workspace_id || ' ' || digest FROM before_it WHERE digest IS NOT NULL);
    END IF;
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.live, n.name, n.byte_size, n.duration_s, n.usage_count, n.last_used_at,
            n.created_at, n.kind, n.state, n.folder_id, n.created_by)
        IS DISTINCT FROM (o.live, o.name, o.byte_size, o.duration_s, o.usage_count, o.last_used_at,
            o.created_at, o.kind, o.state, o.folder_id, o.created_by)) THEN
    UPDATE listing l SET live = n.live, name_key = natural_key(n.name),
        byte_size = coalesce(n.byte_size, 0), duration_s = coalesce(n.duration_s, -1),
        usage_count = n.usage_count, last_used_at = coalesce(n.last_used_at, to_timestamp(0)),
        created_at = n.created_at,
        codes = asset_codes(n.workspace_id, n.kind, n.state, n.usage_count, n.last_used_at,
            n.folder_id, n.created_by) || ARRAY(SELECT c FROM unnest(l.codes) c
                WHERE c >> 60 < 3 OR c = fixed_code(n.workspace_id, 41))
    FROM after_it n WHERE l.workspace_id = n.workspace_id AND l.asset_id = n.id;
    END IF;
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.name, n.original_name, n.description)
        IS DISTINCT FROM (o.name, o.original_name, o.description)) THEN
    UPDATE asset_text x SET names = t.names, description = t.description,
        grams = grams(t.names || E'\n' || t.description)
    FROM after_it n JOIN asset_text_truth t ON t.workspace_id = n.workspace_id AND t.asset_id = n.id
    WHERE x.workspace_id = n.workspace_id AND x.asset_id = n.id;
    END IF;
    IF twins <> '{}' THEN PERFORM mark_twins(twins); END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_changed AFTER UPDATE ON asset
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION list_changed();

CREATE OR REPLACE FUNCTION list_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE listing l SET codes = l.codes || t.codes
        FROM (SELECT workspace_id, asset_id, array_agg(facet_code(1, tag_id)) AS codes
            FROM changed GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    ELSE
        UPDATE listing l SET codes = ARRAY(SELECT c FROM unnest(l.codes) c WHERE c <> ALL (t.codes))
        FROM (SELECT workspace_id, asset_id, array_agg(facet_code(1, tag_id)) AS codes
            FROM changed GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_tag_added AFTER INSERT ON asset_tag REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();

CREATE OR REPLACE TRIGGER asset_tag_removed AFTER DELETE ON asset_tag REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();

CREATE OR REPLACE FUNCTION count_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, count(*) FROM after_it, counted_codes(workspace_id, live, codes)
            AS code GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, -count(*) FROM before_it,
            counted_codes(workspace_id, live, codes) AS code GROUP BY 1, 2;
    ELSE
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, sum(by) FROM (
            SELECT workspace_id, code, 1 AS by FROM after_it,
                counted_codes(workspace_id, live, codes) AS code
            UNION ALL SELECT workspace_id, code, -1 FROM before_it,
                counted_codes(workspace_id, live, codes) AS code) AS moved
        GROUP BY 1, 2 HAVING sum(by) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER listing_added AFTER INSERT ON listing REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();

CREATE OR REPLACE TRIGGER listing_changed AFTER UPDATE ON listing
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();

CREATE OR REPLACE TRIGGER listing_removed AFTER DELETE ON listing REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();

