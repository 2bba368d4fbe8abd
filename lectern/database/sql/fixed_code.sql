CREATE OR REPLACE FUNCTION fixed_code(workspace_id uuid, number int) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (5::bigint << 60) | ((low_bits(workspace_id) & ((1::bigint << 52) - 1)) << 8) | number
$$;
