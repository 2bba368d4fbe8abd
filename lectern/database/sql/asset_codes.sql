CREATE OR REPLACE FUNCTION asset_codes(workspace_id uuid, kind text, state text, usage_count int,
    last_used_at timestamptz, folder_id uuid, created_by uuid) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_remove(ARRAY[
        fixed_code(workspace_id, array_position('{video,audio,image,document}', kind)),
        fixed_code(workspace_id, 10 + array_position('{processing,ready,failed}', state)),
        fixed_code(workspace_id, CASE WHEN usage_count > 0 THEN 21
            WHEN last_used_at IS NOT NULL THEN 22 ELSE 23 END),
        facet_code(3, folder_id), facet_code(4, created_by)], NULL)
$$;
