CREATE OR REPLACE FUNCTION spelled_words(folded text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT DISTINCT w
    FROM regexp_split_to_table(folded COLLATE "C", '[\x01-\x40\x5b-\x60\x7b-\x7f]+') AS w
    WHERE length(w) BETWEEN 4 AND 24
$$;
