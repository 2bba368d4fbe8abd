-- The code of a tag is worked out once for all the assets that got or lost it.
CREATE OR REPLACE FUNCTION list_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE listing l SET codes = l.codes || t.codes
        FROM (SELECT c.workspace_id, c.asset_id, array_agg(k.code) AS codes FROM changed c
            JOIN (SELECT DISTINCT tag_id FROM changed) d ON d.tag_id = c.tag_id
            CROSS JOIN LATERAL (SELECT facet_code(1, d.tag_id) AS code) k
            GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    ELSE
        UPDATE listing l SET codes = CASE WHEN cardinality(t.codes) = 1
            THEN array_remove(l.codes, t.codes[1])
            ELSE ARRAY(SELECT c FROM unnest(l.codes) c WHERE c <> ALL (t.codes)) END
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
