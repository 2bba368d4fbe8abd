-- Makes the partition of the month that has `moment`, and moves there what came before it was made.
-- True when it was missing. It runs as its owner: the application may create no table by itself.
CREATE OR REPLACE FUNCTION keep_playback_partition(moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first timestamptz := date_trunc('month', moment, 'UTC');
    next timestamptz := date_trunc('month', first + interval '40 days', 'UTC');
    partition text := 'playback_event_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Two sweepers may come at once; the number means nothing else.
    PERFORM pg_advisory_xact_lock(7263845113);
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE playback_event_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE playback_event INCLUDING ALL)', partition);
    EXECUTE format('INSERT INTO %I SELECT * FROM playback_event_rest WHERE at >= $1 AND at < $2',
        partition) USING first, next;
    DELETE FROM playback_event_rest WHERE at >= first AND at < next;
    EXECUTE format('ALTER TABLE playback_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        partition, first, next);
    RETURN true;
END $$;
