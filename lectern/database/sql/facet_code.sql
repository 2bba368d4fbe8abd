CREATE OR REPLACE FUNCTION facet_code(field int, id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (field::bigint << 60) | low_bits(id)
$$;
