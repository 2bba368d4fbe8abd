CREATE OR REPLACE FUNCTION said_in(workspace uuid, asset uuid) RETURNS TABLE (
    kind text, number int, start_s float8, end_s float8, text text) LANGUAGE sql STABLE AS $$
    SELECT 'said', n::int, (line->>'start')::float8, (line->>'end')::float8,
        left(btrim(regexp_replace(line->>'text', '\s+', ' ', 'g')), 2000)
    FROM jsonb_array_elements(spoken_in(workspace, asset)) WITH ORDINALITY AS lines (line, n)
    WHERE line->>'text' ~ '\S'
    UNION ALL
    SELECT CASE WHEN s.start_s IS NULL THEN 'page' ELSE 'shown' END, s.number, s.start_s, s.end_s,
        left(btrim(regexp_replace(s.text, '\s+', ' ', 'g')), 20000)
    FROM asset a
    JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
    JOIN slide s ON s.workspace_id = v.workspace_id AND s.blob_id = v.blob_id
    WHERE a.workspace_id = workspace AND a.id = asset AND s.text ~ '\S'
$$;
