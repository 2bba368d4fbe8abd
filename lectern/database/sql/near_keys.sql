CREATE OR REPLACE FUNCTION near_keys(word text) RETURNS int[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH one AS (
        SELECT i, overlay(word PLACING '' FROM i FOR 1) AS w
        FROM generate_series(1, length(word)) AS i
    ), two AS (
        SELECT overlay(one.w PLACING '' FROM j FOR 1) AS w
        FROM one, generate_series(1, least(length(word), 12) - 1) AS j
        WHERE length(word) >= 8 AND one.i <= 12 AND j >= one.i
    )
    SELECT array_agg(DISTINCT hashtext(w COLLATE "C"))
    FROM (SELECT word AS w UNION SELECT w FROM one UNION SELECT w FROM two) AS every
$$;
