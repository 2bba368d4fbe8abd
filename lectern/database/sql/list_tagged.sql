-- Assets that got or lost the same tags are listed by one statement, with codes worked out once.
-- What it counts is known here, so the triggers that compare the listing's rows rest meanwhile.
CREATE OR REPLACE FUNCTION list_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE adding bool := TG_OP = 'INSERT'; part record; listed bigint; counted bigint;
BEGIN
    PERFORM set_config('lectern.listing_followed', 'yes', true);
    FOR part IN
        WITH known AS MATERIALIZED (
            SELECT tag_id, facet_code(1, tag_id) AS code
            FROM (SELECT DISTINCT tag_id FROM changed) AS d
        )
        SELECT workspace_id, codes, array_agg(asset_id) AS assets FROM (
            SELECT c.workspace_id, c.asset_id, array_agg(k.code) AS codes
            FROM changed c JOIN known k ON k.tag_id = c.tag_id GROUP BY 1, 2
        ) AS tagged GROUP BY 1, 2
    LOOP
        WITH moved AS (
            UPDATE listing l SET codes = CASE WHEN adding THEN l.codes || part.codes
                ELSE without_codes(l.codes, part.codes) END
            WHERE l.workspace_id = part.workspace_id AND l.asset_id = ANY (part.assets)
            RETURNING l.live
        ) SELECT count(*), count(*) FILTER (WHERE live) INTO listed, counted FROM moved;
        UPDATE code_listing l SET codes = CASE WHEN adding THEN l.codes || part.codes
            ELSE without_codes(l.codes, part.codes) END
        WHERE l.workspace_id = part.workspace_id AND l.asset_id = ANY (part.assets);
        IF counted > 0 THEN
            INSERT INTO code_delta (workspace_id, code, assets)
            SELECT part.workspace_id, code, CASE WHEN adding THEN counted ELSE -counted END
            FROM unnest(part.codes) AS code;
        END IF;
        -- The lock on its row in the listing, which goes with it, holds an asset as well.
        IF adding AND listed < cardinality(part.assets) THEN
            PERFORM require_assets(part.workspace_id, part.assets);
        END IF;
    END LOOP;
    PERFORM set_config('lectern.listing_followed', '', true);
    IF adding THEN
        PERFORM require_tags(workspace_id, array_agg(DISTINCT tag_id)) FROM changed
        GROUP BY workspace_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_tag_added AFTER INSERT ON asset_tag REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();

CREATE OR REPLACE TRIGGER asset_tag_removed AFTER DELETE ON asset_tag REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();
