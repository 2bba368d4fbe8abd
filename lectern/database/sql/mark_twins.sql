-- Digest counts are locked in their order and before any listing, so that writers queue.
CREATE OR REPLACE FUNCTION mark_twins(digests text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE listing l SET codes = CASE WHEN twin THEN l.codes || fixed_code(l.workspace_id, 41)
        ELSE array_remove(l.codes, fixed_code(l.workspace_id, 41)) END
    FROM (SELECT a.workspace_id, a.id, a.live AND d.assets > 1 AS twin
        FROM digest_count d JOIN asset a ON a.workspace_id = d.workspace_id AND a.digest = d.digest
        WHERE (d.workspace_id, d.digest) IN (SELECT split_part(each, ' ', 1)::uuid,
            split_part(each, ' ', 2) FROM unnest(digests) AS each)) AS known
    WHERE l.workspace_id = known.workspace_id AND l.asset_id = known.id
        AND twin <> (l.codes @> ARRAY[fixed_code(l.workspace_id, 41)])
$$;
