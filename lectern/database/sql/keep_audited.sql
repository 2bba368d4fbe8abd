-- What the foreign key of `audit_entry` does when a workspace is deleted. What it does when an entry
-- is added, the lock on the workspace does, once for all entries that are added at once.
CREATE OR REPLACE FUNCTION keep_audited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM removed r JOIN audit_entry e ON e.workspace_id = r.id) THEN
        RAISE EXCEPTION 'A workspace with an audit log cannot be deleted.'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER workspace_audited AFTER DELETE ON workspace REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audited();
