-- What goes to the trash changes no more, however it gets there.
CREATE OR REPLACE FUNCTION cancel_switches() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE scheduled_switch SET state = 'cancelled', ended_at = clock_timestamp(),
        reason = 'The file was moved to the trash.'
    WHERE workspace_id = NEW.workspace_id AND asset_id = NEW.id AND state = 'waiting';
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER asset_trashed_unscheduled AFTER UPDATE OF live ON asset
    FOR EACH ROW WHEN (OLD.live AND NOT NEW.live) EXECUTE FUNCTION cancel_switches();
