CREATE OR REPLACE FUNCTION learn(workspace uuid, folded text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO vocabulary (workspace_id, word, near)
    SELECT workspace, word, near_keys(word) FROM spelled_words(folded) AS spelled(word)
    WHERE NOT EXISTS (SELECT FROM vocabulary v
        WHERE v.workspace_id = workspace AND v.word = spelled.word)
    ORDER BY word ON CONFLICT DO NOTHING
$$;
