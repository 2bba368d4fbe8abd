CREATE OR REPLACE FUNCTION counted_codes(workspace_id uuid, live bool, codes bigint[]) RETURNS SETOF bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 12 AS $$
    SELECT unnest(CASE WHEN live THEN codes || fixed_code(workspace_id, 0)
        ELSE ARRAY[fixed_code(workspace_id, 31)] END)
$$;
