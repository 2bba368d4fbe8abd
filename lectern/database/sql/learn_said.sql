CREATE OR REPLACE FUNCTION learn_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM learn(workspace_id, string_agg(said || ' ' || shown, ' ')) FROM heard
    GROUP BY workspace_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_said_insert_learnt AFTER INSERT ON asset_said REFERENCING NEW TABLE AS heard
    FOR EACH STATEMENT EXECUTE FUNCTION learn_said();

CREATE OR REPLACE TRIGGER asset_said_update_learnt AFTER UPDATE ON asset_said REFERENCING NEW TABLE AS heard
    FOR EACH STATEMENT EXECUTE FUNCTION learn_said();
