CREATE OR REPLACE FUNCTION low_bits(id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('x0' || substr(id::text, 21, 3) || substr(id::text, 25))::bit(64)::bigint
$$;
