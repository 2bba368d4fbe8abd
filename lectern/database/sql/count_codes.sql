-- Adds what a statement changed to the counts. Of a row whose codes have only grown or only shrunk
-- at their end, as a tag makes them, that end is all that is counted.
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
        WITH pair AS MATERIALIZED (
            SELECT n.workspace_id, n.live AND o.live AS both_live, n.live, o.live AS was_live,
                n.codes, o.codes AS were, cardinality(n.codes) AS many, cardinality(o.codes) AS had
            FROM after_it n JOIN before_it o
                ON o.workspace_id = n.workspace_id AND o.asset_id = n.asset_id
            WHERE n.codes <> o.codes OR n.live <> o.live
        ), moved AS (
            SELECT workspace_id,
                CASE WHEN NOT both_live THEN ARRAY(SELECT counted_codes(workspace_id, live, codes))
                    WHEN codes[1:had] = were THEN codes[had + 1:many]
                    WHEN were[1:many] = codes THEN '{}' ELSE codes END AS added,
                CASE WHEN NOT both_live
                    THEN ARRAY(SELECT counted_codes(workspace_id, was_live, were))
                    WHEN codes[1:had] = were THEN '{}'
                    WHEN were[1:many] = codes THEN were[many + 1:had] ELSE were END AS removed
            FROM pair
        )
        SELECT workspace_id, code, sum(by) FROM (
            SELECT workspace_id, unnest(added) AS code, 1 AS by FROM moved
            UNION ALL SELECT workspace_id, unnest(removed), -1 FROM moved) AS counted
        GROUP BY 1, 2 HAVING sum(by) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER listing_added AFTER INSERT ON listing REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();

CREATE OR REPLACE TRIGGER listing_changed AFTER UPDATE ON listing
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT WHEN (current_setting('lectern.listing_followed', true) IS DISTINCT FROM 'yes')
    EXECUTE FUNCTION count_codes();

CREATE OR REPLACE TRIGGER listing_removed AFTER DELETE ON listing REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();
