CREATE OR REPLACE FUNCTION keep_said_of_blobs(workspace uuid, blobs uuid[]) RETURNS void LANGUAGE sql AS $$
    SELECT keep_said(workspace, array_agg(a.id)) FROM version v
    JOIN asset a ON a.workspace_id = v.workspace_id AND a.current_version_id = v.id
    WHERE v.workspace_id = workspace AND v.blob_id = ANY (blobs) HAVING count(*) > 0
$$;
