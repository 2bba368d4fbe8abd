-- An edit of something beside the row, as tags are: who looked at the asset before sees that it
-- changed. Nothing that is listed or searched did, so the trigger that compares rows rests.
CREATE OR REPLACE FUNCTION touch_assets(workspace uuid, ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lectern.only_touched', 'yes', true);
    UPDATE asset SET lock_version = lock_version + 1, updated_at = clock_timestamp()
    WHERE workspace_id = workspace AND id = ANY (ids);
    PERFORM set_config('lectern.only_touched', '', true);
END $$;
