CREATE OR REPLACE FUNCTION grams(folded text) RETURNS int[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH letters AS (
        SELECT ascii(c)::bigint AS a, i,
            CASE WHEN c BETWEEN '0' AND '9' THEN 1
                 WHEN ascii(c) > 127 OR c BETWEEN 'a' AND 'z' THEN 2 ELSE 0 END AS class
        FROM string_to_table(folded COLLATE "C", NULL) WITH ORDINALITY AS t(c, i)
    ), runs AS (
        SELECT a, class, coalesce(lead(a) OVER w, 32) AS b, coalesce(lead(a, 2) OVER w, 32) AS c,
            class > 0 AND (class <> coalesce(lag(class) OVER w, 0) OR a BETWEEN 11904 AND 55215)
                AS starts,
            lead(class) OVER w AS next_class
        FROM letters WINDOW w AS (ORDER BY i)
    ), keys AS (
        SELECT (a * 1000003 + b) * 1000003 + c AS k FROM runs
        WHERE a NOT IN (32, 10) AND b NOT IN (32, 10) AND c NOT IN (32, 10)
        UNION SELECT (1000003 + a) * 1000003 FROM runs WHERE starts
        UNION SELECT (1000003 + a) * 1000003 + b FROM runs WHERE starts AND b NOT IN (32, 10)
    )
    SELECT coalesce(array_agg(DISTINCT (k & 2147483647)::int), '{}') FROM keys
$$;
