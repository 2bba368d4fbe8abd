"""What rows promise about other rows, and how to put right what can be counted again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A promise among rows. `broken` selects workspace and thing; `repair` mends all of them."""

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
_UNLIKE_TEXT = """
    SELECT t.* FROM asset_text_truth t
    LEFT JOIN asset_text x ON x.workspace_id = t.workspace_id AND x.asset_id = t.asset_id
    WHERE (x.names, x.description) IS DISTINCT FROM (t.names, t.description)
        OR NOT x.grams @> grams(t.names || E'\\n' || t.description)"""
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
        "“{name}” says it is used in {stated} places, and {true} use it.",
        f"SELECT a.name, a.usage_count AS stated, t.uses AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.usage_count <> t.uses",
        f"UPDATE asset a SET usage_count = t.uses, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.usage_count <> t.uses",
    ),
    Rule(
        "“{name}” says it has {stated} versions, and there are {true}.",
        f"SELECT a.name, a.version_count AS stated, t.versions AS true FROM asset a"
        f" JOIN ({_COUNTED}) t ON {_SAME} WHERE a.version_count <> t.versions",
        f"UPDATE asset a SET version_count = t.versions, lock_version = a.lock_version + 1"
        f" FROM ({_COUNTED}) t WHERE {_SAME} AND a.version_count <> t.versions",
    ),
    Rule(
        "“{name}” shows facts that are not its current version's.",
        f"SELECT a.name FROM asset a JOIN ({_CURRENT}) t ON {_SAME} WHERE {_DIFFERS}",
        f"UPDATE asset a SET version_number = t.number, digest = t.digest,"
        f" byte_size = t.byte_size, mime = t.mime, lock_version = a.lock_version + 1"
        f" FROM ({_CURRENT}) t WHERE {_SAME} AND {_DIFFERS}",
    ),
    Rule(
        "“{name}” has no current version, or another asset's.",
        "SELECT a.name FROM asset a LEFT JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.id = a.current_version_id WHERE v.asset_id IS DISTINCT FROM a.id",
    ),
    Rule(
        "The versions of “{name}” are not numbered from 1 without gaps.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id GROUP BY a.workspace_id, a.id, a.name"
        " HAVING min(v.number) <> 1 OR max(v.number) <> count(*)",
    ),
    Rule(
        "“{name}” needs bytes that are being deleted.",
        "SELECT a.name FROM asset a JOIN version v ON v.workspace_id = a.workspace_id"
        " AND v.asset_id = a.id JOIN blob b ON b.workspace_id = v.workspace_id"
        " AND b.id = v.blob_id WHERE b.state = 'deleting'",
    ),
    Rule(
        "The poster of “{name}” names bytes that are not there.",
        "SELECT a.name FROM asset a LEFT JOIN blob b ON b.workspace_id = a.workspace_id"
        " AND b.id = a.poster_blob_id AND b.state <> 'deleting'"
        " WHERE a.poster_blob_id IS NOT NULL AND b.id IS NULL",
    ),
    Rule(
        "A tag of “{name}” has another date than it, so lists by tag are out of order.",
        "SELECT a.name FROM asset a JOIN asset_tag t ON t.workspace_id = a.workspace_id"
        " AND t.asset_id = a.id WHERE t.asset_created_at <> a.created_at",
        "UPDATE asset_tag t SET asset_created_at = a.created_at FROM asset a"
        " WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id"
        " AND t.asset_created_at <> a.created_at",
    ),
    Rule(
        # Far beyond lease and sweep (reliability.md §1.2 I7), so that a running server is at peace.
        "The step {step} has had no worker for {minutes} minutes, and nobody took it up.",
        "SELECT step, (extract(epoch FROM clock_timestamp() - lease_until) / 60)::int AS minutes"
        " FROM task WHERE state = 'running'"
        " AND lease_until < clock_timestamp() - interval '10 min'",
    ),
    Rule(
        "{stated} files are said to have the same content {digest}, and {found} have it.",
        f"SELECT stated, found, left(digest, 12) AS digest FROM ({_MISTWINNED}) t",
        "INSERT INTO digest_count (workspace_id, digest, assets)"
        f" SELECT workspace_id, digest, found FROM ({_MISTWINNED}) t"
        " ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = excluded.assets",
    ),
    Rule(
        "Lists show “{name}” as something else than it is.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_LISTING}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        f"INSERT INTO listing (workspace_id, asset_id, {_SHOWN}, codes)"
        f" SELECT workspace_id, asset_id, {_SHOWN}, codes FROM ({_UNLIKE_LISTING}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET"
        f" ({_SHOWN}, codes) = ({_EXCLUDED}, excluded.codes)",
    ),
    Rule(
        "“{name}” is not found by the words that it has.",
        f"SELECT a.name FROM asset a JOIN ({_UNLIKE_TEXT}) t ON a.workspace_id = t.workspace_id"
        " AND a.id = t.asset_id",
        "INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)"
        f" SELECT *, grams(names || E'\\n' || description) FROM ({_UNLIKE_TEXT}) t"
        " ON CONFLICT (workspace_id, asset_id) DO UPDATE SET names = excluded.names,"
        " description = excluded.description, grams = excluded.grams",
    ),
    Rule(
        "A filter says that it finds {stated} files, and there are {found}.",
        f"SELECT stated, found FROM ({_MISCOUNTED}) t",
        "INSERT INTO code_delta (workspace_id, code, assets)"
        f" SELECT workspace_id, code, found - stated FROM ({_MISCOUNTED}) t",
    ),
)
