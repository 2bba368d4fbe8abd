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
