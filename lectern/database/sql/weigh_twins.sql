-- What has no twin needs no size: files come in by the thousand, and few of them are copies.
CREATE OR REPLACE FUNCTION weigh_twins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.byte_size := coalesce((SELECT a.byte_size FROM asset a
        WHERE a.workspace_id = NEW.workspace_id AND a.digest = NEW.digest LIMIT 1), 0);
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER twins_weighed BEFORE INSERT OR UPDATE ON digest_count FOR EACH ROW
    WHEN (NEW.assets > 1 AND NEW.byte_size IS NULL) EXECUTE FUNCTION weigh_twins();
