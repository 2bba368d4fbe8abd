CREATE OR REPLACE FUNCTION without_codes(codes bigint[], gone bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN cardinality(gone) = 1 THEN array_remove(codes, gone[1])
        ELSE ARRAY(SELECT code FROM unnest(codes) AS code WHERE code <> ALL (gone)) END
$$;
