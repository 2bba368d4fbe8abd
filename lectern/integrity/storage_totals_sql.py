"""The questions behind `storage_totals`; each names the workspace as `:workspace`.

Bytes that are still awaited are nowhere; those that are being deleted are still there.
"""

# The originals of all versions, by what they are and whether they lie in the trash.
ORIGINALS = """
SELECT a.kind, a.live, count(*) AS versions, count(DISTINCT a.id) AS assets,
    coalesce(sum(b.byte_size), 0) AS bytes
FROM version v
JOIN asset a ON a.workspace_id = v.workspace_id AND a.id = v.asset_id
JOIN blob b ON b.workspace_id = v.workspace_id AND b.id = v.blob_id
WHERE v.workspace_id = :workspace AND b.state <> 'awaited'
GROUP BY 1, 2
"""

# Each blob once: under an original, else the first kind of rendition that it is, else nothing.
# `kept`: something outside the trash leads to it, through renditions of renditions too.
# `needed`: without earlier versions that no lesson keeps, still so.
BLOBS = """
WITH RECURSIVE source (id) AS MATERIALIZED (
    SELECT DISTINCT source_blob_id FROM rendition WHERE workspace_id = :workspace
), pinned (id) AS (
    SELECT DISTINCT version_id FROM usage
    WHERE workspace_id = :workspace AND version_id IS NOT NULL
), reached (id, needed) AS (
    SELECT v.blob_id, v.number >= a.version_number OR p.id IS NOT NULL OR s.id IS NOT NULL
    FROM version v
    JOIN asset a ON a.workspace_id = v.workspace_id AND a.id = v.asset_id
    LEFT JOIN pinned p ON p.id = v.id
    LEFT JOIN scheduled_switch s ON s.workspace_id = v.workspace_id AND s.version_id = v.id
        AND s.state = 'waiting'
    WHERE v.workspace_id = :workspace AND a.live
    UNION SELECT poster_blob_id, true FROM asset
    WHERE workspace_id = :workspace AND live AND poster_blob_id IS NOT NULL
    UNION SELECT r.blob_id, m.needed FROM rendition r JOIN reached m ON r.source_blob_id = m.id
    WHERE r.workspace_id = :workspace AND r.blob_id IN (SELECT id FROM source)
), held (id, needed) AS MATERIALIZED (
    SELECT id, bool_or(needed) FROM reached GROUP BY id
), named (id, noun, kept, needed) AS (
    SELECT v.blob_id, '', h.id IS NOT NULL, coalesce(h.needed, false)
    FROM version v LEFT JOIN held h ON h.id = v.blob_id WHERE v.workspace_id = :workspace
    UNION ALL SELECT r.blob_id, split_part(split_part(r.spec, '/', 1), '.', 1),
        h.id IS NOT NULL, coalesce(h.needed, false)
    FROM rendition r LEFT JOIN held h ON h.id = r.source_blob_id WHERE r.workspace_id = :workspace
    UNION ALL SELECT poster_blob_id, 'poster', live, live
    FROM asset WHERE workspace_id = :workspace AND poster_blob_id IS NOT NULL
), once (id, noun, kept, needed) AS (
    SELECT id, min(noun COLLATE "C"), bool_or(kept), bool_or(needed) FROM named GROUP BY id
)
SELECT o.noun, coalesce(o.kept, false) AS kept, coalesce(o.needed, false) AS needed,
    count(*) AS blobs, sum(b.byte_size) AS bytes
FROM blob b LEFT JOIN once o ON o.id = b.id
WHERE b.workspace_id = :workspace AND b.state <> 'awaited'
GROUP BY 1, 2, 3
"""

# What came in each month (UTC) and is still there.
MONTHS = """
SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, sum(byte_size) AS bytes
FROM blob WHERE workspace_id = :workspace AND state <> 'awaited'
GROUP BY 1 ORDER BY 1
"""

# The originals of all versions of the files that each course uses; `shared`, that others use too.
COURSES = """
WITH used AS (
    SELECT DISTINCT course_id, asset_id FROM usage WHERE workspace_id = :workspace
), places AS (
    SELECT asset_id, count(*) AS courses FROM used GROUP BY 1
), sizes AS (
    SELECT v.asset_id, sum(b.byte_size) AS bytes
    FROM version v JOIN blob b ON b.workspace_id = v.workspace_id AND b.id = v.blob_id
    WHERE v.workspace_id = :workspace AND b.state <> 'awaited' GROUP BY 1
)
SELECT c.ref, c.title, c.id, count(*) AS files, coalesce(sum(s.bytes), 0) AS bytes,
    coalesce(sum(s.bytes) FILTER (WHERE p.courses > 1), 0) AS shared
FROM used u JOIN course c ON c.workspace_id = :workspace AND c.id = u.course_id
JOIN places p ON p.asset_id = u.asset_id LEFT JOIN sizes s ON s.asset_id = u.asset_id
GROUP BY c.workspace_id, c.id, c.ref, c.title ORDER BY bytes DESC, c.ref
"""

# Current bytes of what nobody has used for so many months, whether it was ever used or not.
UNUSED = """
SELECT m.months, count(a.id) AS files, coalesce(sum(a.byte_size), 0) AS bytes
FROM unnest(CAST(:months AS int[])) AS m (months)
LEFT JOIN asset a ON a.workspace_id = :workspace AND a.live AND a.usage_count = 0
    AND greatest(a.created_at, a.last_used_at)
        < clock_timestamp() - make_interval(months => m.months)
GROUP BY 1 ORDER BY 1
"""
