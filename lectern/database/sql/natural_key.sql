CREATE OR REPLACE FUNCTION natural_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(regexp_replace(
        regexp_replace(fold(name), '(\d+)', repeat('0', 18) || '\1', 'g'),
        '\d*(\d{18})(?!\d)', '\1', 'g'), 600) COLLATE "C"
$$;
