-- Whatever names a blob, apart from the renditions made of it, which go with it.
CREATE OR REPLACE VIEW blob_ref AS
SELECT workspace_id, blob_id FROM version
UNION ALL SELECT workspace_id, blob_id FROM rendition WHERE blob_id <> source_blob_id
UNION ALL SELECT workspace_id, poster_blob_id FROM asset WHERE poster_blob_id IS NOT NULL;
