"""Integrity rules among rows, and how to put right what can be counted again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A rule among rows. `broken` selects workspace and thing; `repair` mends all of them.

    `part_of` is the invariant of docs/reliability.md#promises that it is a part of.
    """

    part_of: str
    sentence: str
    broken: str
    repair: str | None = None


_COUNTED = """
    SELECT a.workspace_id, a.id, a.name,
        (SELECT count(*) FROM usage u
            WHERE u.workspace_id = a.workspace_id AND u.asset_id = a.id) AS uses,
        (SELECT count(*) FROM version v
            WHERE v.workspace_id = a.workspace_id AND v.asset_id = a.id) AS versions
    FROM asset a"""
_CURRENT = """
    SELECT a.workspace_id, a.id, a.name, v.number, b.digest, b.byte_size, b.mime
    FROM asset a
    JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
    JOIN blob b ON b.workspace_id = v.workspace_id AND b.id = v.blob_id"""
_DIFFERS = """(a.version_number, a.digest, a.byte_size, a.mime)
    IS DISTINCT FROM (t.number, t.digest, t.byte_size, t.mime)"""
_SAME = "a.workspace_id = t.workspace_id AND a.id = t.id"
_SHOWN = "live, created_at, name_key, byte_size, duration_s, usage_count, last_used_at"
_EXCLUDED = ", ".join(f"excluded.{column}" for column in _SHOWN.split(", "))
_ORDERED = "ARRAY(SELECT c FROM unnest({0}.codes) AS c ORDER BY 1)"
_UNLIKE_LISTING = f"""
    SELECT t.* FROM listing_truth t
    LEFT JOIN listing l ON l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id
    WHERE ({", ".join(f"l.{column}" for column in _SHOWN.split(", "))})
        IS DISTINCT FROM ({", ".join(f"t.{column}" for column in _SHOWN.split(", "))})
        OR {_ORDERED.format("l")} <> {_ORDERED.format("t")}"""
_UNLIKE_CODES = f"""
    SELECT l.* FROM listing l
    LEFT JOIN code_listing c ON c.workspace_id = l.workspace_id AND c.asset_id = l.asset_id
    WHERE ({", ".join(f"c.{column}" for column in _SHOWN.split(", "))}, c.codes)
        IS DISTINCT FROM ({", ".join(f"l.{column}" for column in _SHOWN.split(", "))}, l.codes)"""
_UNLIKE_TEXT = """
    SELECT t.* FROM asset_text_truth t
    LEFT JOIN asset_text x ON x.workspace_id = t.workspace_id AND x.asset_id = t.asset_id
    WHERE (x.names, x.description) IS DISTINCT FROM (t.names, t.description)
        OR NOT x.grams @> grams(t.names || E'\\n' || t.description)"""
_UNLIKE_SAID = """
    SELECT coalesce(t.workspace_id, s.workspace_id) AS workspace_id,
        coalesce(t.asset_id, s.asset_id) AS asset_id
    FROM said_truth t FULL JOIN said s ON s.workspace_id = t.workspace_id
        AND s.asset_id = t.asset_id AND s.kind = t.kind AND s.number = t.number
    WHERE (s.start_s, s.end_s, s.text, s.asset_id)
        IS DISTINCT FROM (t.start_s, t.end_s, t.text, t.asset_id)
    UNION SELECT x.workspace_id, x.asset_id FROM asset_said x WHERE NOT EXISTS (SELECT FROM said s
        WHERE s.workspace_id = x.workspace_id AND s.asset_id = x.asset_id)"""
_UNLIKE_SAID_TEXT = """
    SELECT t.* FROM asset_said_truth t
    LEFT JOIN asset_said x ON x.workspace_id = t.workspace_id AND x.asset_id = t.asset_id
    WHERE (x.said, x.shown) IS DISTINCT FROM (t.said, t.shown)
        OR NOT x.grams @> grams(t.said || ' ' || t.shown)"""
_MISCOUNTED = """
    SELECT workspace_id, code, sum(stated) AS stated, sum(found) AS found FROM (
        SELECT workspace_id, code, assets AS stated, 0 AS found FROM code_delta
        UNION ALL SELECT workspace_id, code, 0, 1 FROM listing,
            counted_codes(workspace_id, live, codes) AS code) AS counted
    GROUP BY 1, 2 HAVING sum(stated) <> sum(found)"""
_MISTWINNED = """
    SELECT workspace_id, digest, sum(stated) AS stated, sum(found) AS found FROM (
        SELECT workspace_id, digest, assets AS stated, 0 AS found FROM digest_count
        UNION ALL SELECT workspace_id, digest, 0, 1 FROM asset
            WHERE live AND digest IS NOT NULL) AS counted
    GROUP BY 1, 2 HAVING sum(stated) <> sum(found)"""

RULES = (
    Rule(
        "I10",
        "“{name}” says it is used in {stated} places, and {true} use it.",
        f"SELECT a.name, a.usage_count AS stated, t.uses AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.usage_count <> t.uses",
        f"UPDATE asset a SET usage_count = t.uses, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.usage_count <> t.uses",
    ),
    Rule(
        "I6",
        "“{name}” says it has {stated} versions, and there are {true}.",
        f"SELECT a.name, a.version_count AS stated, t.versions AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.version_count <> t.versions",
        f"UPDATE asset a SET version_count = t.versions, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.version_count <> t.versions",
    ),
    Rule(
        "I5",
        "“{name}” shows facts that are not its current version's.",
        f"SELECT a.name FROM asset a JOIN ({_CURRENT}) t ON {_SAME} WHERE {_DIFFERS}",
        f"UPDATE asset a SET version_number = t.number, digest = t.digest,"
        f" byte_size = t.byte_size, mime = t.mime, lock_version = a.lock_version + 1"
        f" FROM ({_CURRENT}) t WHERE {_SAME} AND {_DIFFERS}",
    ),
    Rule(
        "I2",
        "The upload of “{filename}” was accepted, and there is no such file.",
        "SELECT u.filename FROM upload u WHERE u.state = 'done' AND NOT EXISTS (SELECT FROM asset a"
        " WHERE a.workspace_id = u.workspace_id AND a.id = u.asset_id) AND NOT EXISTS (SELECT FROM"
        " tombstone t WHERE t.workspace_id = u.workspace_id AND t.id = u.asset_id)",
    ),
    Rule(
        "I4",
        "“{name}” has the id of a file that was purged.",
        "SELECT a.name FROM asset a JOIN tombstone t"
        " ON t.workspace_id = a.workspace_id AND t.id = a.id",
    ),
    Rule(
        "I4",
        "The file {key} is {state}, and something names it.",
        "SELECT b.key, b.state FROM blob b WHERE b.state IN ('condemned', 'deleting') AND EXISTS"
        " (SELECT FROM blob_ref r WHERE r.workspace_id = b.workspace_id AND r.blob_id = b.id)",
    ),
    Rule(
        "I4",
        "The file {key} is {state}, and things were made of it that are not.",
        "SELECT b.key, b.state FROM blob b WHERE b.state IN ('condemned', 'deleting') AND EXISTS"
        " (SELECT FROM rendition r WHERE r.workspace_id = b.workspace_id"
        " AND r.source_blob_id = b.id)",
    ),
    Rule(
        "I5",
        "“{name}” has no current version, or another asset's.",
        "SELECT a.name FROM asset a LEFT JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.id = a.current_version_id WHERE v.asset_id IS DISTINCT FROM a.id",
    ),
    Rule(
        "I6",
        "The versions of “{name}” are not numbered from 1 without gaps.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id GROUP BY a.workspace_id, a.id, a.name"
        " HAVING min(v.number) <> 1 OR max(v.number) <> count(*)",
    ),
    Rule(
        "I3",
        "“{name}” needs bytes that are being deleted.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id JOIN blob b ON b.workspace_id = v.workspace_id"
        " AND b.id = v.blob_id WHERE b.state = 'deleting'",
    ),
    Rule(
        "I3",
        "The poster of “{name}” names bytes that are not there.",
        "SELECT a.name FROM asset a LEFT JOIN blob b ON b.workspace_id = a.workspace_id"
        " AND b.id = a.poster_blob_id AND b.state <> 'deleting'"
        " WHERE a.poster_blob_id IS NOT NULL AND b.id IS NULL",
    ),
    Rule(
        "I10",
        "The tag {tag} is on the asset {asset}, and one of them is not there.",
        "SELECT t.tag_id AS tag, t.asset_id AS asset FROM asset_tag t"
        " WHERE NOT EXISTS (SELECT FROM asset a WHERE a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id) OR NOT EXISTS (SELECT FROM tag g"
        " WHERE g.workspace_id = t.workspace_id AND g.id = t.tag_id)",
        "DELETE FROM asset_tag t"
        " WHERE NOT EXISTS (SELECT FROM asset a WHERE a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id) OR NOT EXISTS (SELECT FROM tag g"
        " WHERE g.workspace_id = t.workspace_id AND g.id = t.tag_id)",
    ),
    Rule(
        "I10",
        "A tag of “{name}” has another date than it, so lists by tag are out of order.",
        "SELECT a.name FROM asset a JOIN asset_tag t ON t.workspace_id = a.workspace_id"
        " AND t.asset_id = a.id WHERE t.asset_created_at <> a.created_at",
        "UPDATE asset_tag t SET asset_created_at = a.created_at FROM asset a"
        " WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id"
        " AND t.asset_created_at <> a.created_at",
    ),
    Rule(
        "I7",
        # Far beyond lease and sweep (docs/reliability.md, I7): none on a running server.
        "The step {step} has had no worker for {minutes} minutes, and nobody took it up.",
        "SELECT step, (extract(epoch FROM clock_timestamp() - lease_until) / 60)::int AS minutes"
        " FROM task WHERE state = 'running'"
        " AND lease_until < clock_timestamp() - interval '10 min'",
    ),
    Rule(
        "I7",
        "“{name}” is being processed, and no step of it is left to do.",
        "SELECT a.name FROM asset a WHERE a.state = 'processing' AND NOT EXISTS (SELECT FROM task t"
        " WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id"
        # What a person has stopped waits for that person.
        " AND (t.state IN ('waiting', 'queued', 'running')"
        " OR t.state = 'cancelled' AND t.step IN ('poster', 'playable')))",
    ),
    Rule(
        "I7",
        "The upload of “{filename}” is to be checked, and nobody is told to.",
        "SELECT u.filename FROM upload u WHERE u.state = 'checking' AND NOT EXISTS (SELECT FROM"
        " task t WHERE t.workspace_id = u.workspace_id AND t.upload_id = u.id"
        " AND t.state IN ('waiting', 'queued', 'running', 'cancelled'))",
    ),
    Rule(
        "I8",
        "The step {step} of “{name}” is done, and what it makes is not there.",
        "SELECT t.step, a.name FROM task t"
        " JOIN version v ON v.workspace_id = t.workspace_id AND v.id = t.version_id"
        " JOIN asset a ON a.workspace_id = t.workspace_id AND a.id = t.asset_id"
        " JOIN (VALUES ('playable', 'playable'), ('poster', 'poster.1')) AS made (step, spec)"
        " ON made.step = t.step WHERE t.state = 'done' AND NOT EXISTS (SELECT FROM rendition r"
        " WHERE r.workspace_id = v.workspace_id AND r.source_blob_id = v.blob_id"
        " AND r.spec = made.spec)",
    ),
    Rule(
        "I13",
        "What was made of a file ({spec}) is {mime}, which a browser would run.",
        "SELECT r.spec, b.mime FROM rendition r JOIN blob b ON b.workspace_id = r.workspace_id"
        " AND b.id = r.blob_id WHERE b.mime ~ '(html|svg|xml|javascript)'",
    ),
    Rule(
        "I15",
        "“{name}” is in the trash without an end, or has an end outside of it.",
        "SELECT name FROM asset WHERE live <> (purge_after IS NULL)",
    ),
    Rule(
        "I10",
        "{stated} files are said to have the same content {digest}, and {found} have it.",
        f"SELECT stated, found, left(digest, 12) AS digest FROM ({_MISTWINNED}) t",
        "INSERT INTO digest_count (workspace_id, digest, assets)"
        f" SELECT workspace_id, digest, found FROM ({_MISTWINNED}) t"
        " ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = excluded.assets",
    ),
    Rule(
        "I10",
        "Lists show “{name}” as something else than it is.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_LISTING}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        f"INSERT INTO listing (workspace_id, asset_id, {_SHOWN}, codes)"
        f" SELECT workspace_id, asset_id, {_SHOWN}, codes FROM ({_UNLIKE_LISTING}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET"
        f" ({_SHOWN}, codes) = ({_EXCLUDED}, excluded.codes)",
    ),
    Rule(
        "I10",
        "Filters find “{name}” as something else than lists show.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_CODES}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        f"INSERT INTO code_listing (workspace_id, asset_id, {_SHOWN}, codes)"
        f" SELECT workspace_id, asset_id, {_SHOWN}, codes FROM ({_UNLIKE_CODES}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET"
        f" ({_SHOWN}, codes) = ({_EXCLUDED}, excluded.codes)",
    ),
    Rule(
        "I10",
        "“{name}” is not found by the words that it has.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_TEXT}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        "INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)"
        f" SELECT *, grams(names || E'\\n' || description) FROM ({_UNLIKE_TEXT}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET names = excluded.names,"
        " description = excluded.description, grams = excluded.grams",
    ),
    Rule(
        "I10",
        "What is kept of “{name}” is not what is said and shown in it.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_SAID}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        "WITH kept AS MATERIALIZED (SELECT t.*, keep_said(t.workspace_id, ARRAY[t.asset_id])"
        f" FROM ({_UNLIKE_SAID}) t) UPDATE asset a SET lock_version = a.lock_version + 1 FROM kept"
        " WHERE a.workspace_id = kept.workspace_id AND a.id = kept.asset_id",
    ),
    Rule(
        "I10",
        "“{name}” is not found by all that is said and shown in it.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_SAID_TEXT}) t"
        " ON a.workspace_id = t.workspace_id AND a.id = t.asset_id",
        "INSERT INTO asset_said (workspace_id, asset_id, said, shown, grams)"
        f" SELECT *, grams(said || ' ' || shown) FROM ({_UNLIKE_SAID_TEXT}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET said = excluded.said,"
        " shown = excluded.shown, grams = excluded.grams",
    ),
    Rule(
        "I10",
        "A filter says that it finds {stated} files, and there are {found}.",
        f"SELECT stated, found FROM ({_MISCOUNTED}) t",
        "INSERT INTO code_delta (workspace_id, code, assets)"
        f" SELECT workspace_id, code, found - stated FROM ({_MISCOUNTED}) t",
    ),
)
