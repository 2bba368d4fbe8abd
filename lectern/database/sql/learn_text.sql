CREATE OR REPLACE FUNCTION learn_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM learn(workspace_id, string_agg(names || ' ' || description, ' '))
    FROM said GROUP BY workspace_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_text_insert_said AFTER INSERT ON asset_text REFERENCING NEW TABLE AS said
    FOR EACH STATEMENT EXECUTE FUNCTION learn_text();

CREATE OR REPLACE TRIGGER asset_text_update_said AFTER UPDATE ON asset_text REFERENCING NEW TABLE AS said
    FOR EACH STATEMENT EXECUTE FUNCTION learn_text();
