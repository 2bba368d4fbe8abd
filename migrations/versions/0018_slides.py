"""What slides and pages say, and what is said and shown in each asset, by which it is found.

`said` has a row for each sentence, slide and page of an asset's current version, and `asset_said`
all of it as one text with numbered trigrams, as `asset_text` has names. Triggers keep both
(`said_truth` is what they must equal): captions change by many hands, and versions by more.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

# The same choice as `lectern.insight.captions.segments`.
SPOKEN = """
CREATE FUNCTION spoken_in(workspace uuid, asset uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH here AS (
        SELECT v.asset_id, v.blob_id, v.number FROM asset a
        JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
        WHERE a.workspace_id = workspace AND a.id = asset
    ), seen AS (
        SELECT DISTINCT ON (t.language) t.language, t.state, t.cues, t.deleted_at
        FROM here h JOIN version v ON v.workspace_id = workspace AND v.asset_id = h.asset_id
            AND v.blob_id = h.blob_id AND v.number <= h.number
        JOIN caption_track t ON t.workspace_id = workspace AND t.version_id = v.id
        ORDER BY t.language, v.number DESC
    ), newest AS (
        SELECT t.language, t.segments, t.heard_at FROM here h
        JOIN transcript t ON t.workspace_id = workspace AND t.blob_id = h.blob_id
        ORDER BY t.heard_at DESC, t.id DESC LIMIT 1
    ), heard AS (
        SELECT * FROM newest WHERE jsonb_array_length(segments) > 0
    ), found AS (
        SELECT language, state, cues AS lines FROM seen WHERE deleted_at IS NULL
        UNION ALL SELECT language, 'machine', segments FROM heard WHERE NOT EXISTS (
            SELECT FROM seen s WHERE s.language = heard.language
                AND (s.deleted_at IS NULL OR s.deleted_at >= heard.heard_at))
    )
    SELECT lines FROM found WHERE position('-x-' IN language) = 0
    ORDER BY coalesce(language <> (SELECT language FROM heard), false),
        array_position('{reviewed,in_review,machine}', state), language COLLATE "C" LIMIT 1
$$;
"""

TRUTH = """
CREATE FUNCTION said_in(workspace uuid, asset uuid) RETURNS TABLE (
    kind text, number int, start_s float8, end_s float8, text text) LANGUAGE sql STABLE AS $$
    SELECT 'said', n::int, (line->>'start')::float8, (line->>'end')::float8,
        left(btrim(regexp_replace(line->>'text', '\\s+', ' ', 'g')), 2000)
    FROM jsonb_array_elements(spoken_in(workspace, asset)) WITH ORDINALITY AS lines (line, n)
    WHERE line->>'text' ~ '\\S'
    UNION ALL
    SELECT CASE WHEN s.start_s IS NULL THEN 'page' ELSE 'shown' END, s.number, s.start_s, s.end_s,
        left(btrim(regexp_replace(s.text, '\\s+', ' ', 'g')), 20000)
    FROM asset a
    JOIN version v ON v.workspace_id = a.workspace_id AND v.id = a.current_version_id
    JOIN slide s ON s.workspace_id = v.workspace_id AND s.blob_id = v.blob_id
    WHERE a.workspace_id = workspace AND a.id = asset AND s.text ~ '\\S'
$$;
CREATE VIEW said_truth AS
SELECT a.workspace_id, a.id AS asset_id, t.* FROM asset a
CROSS JOIN LATERAL said_in(a.workspace_id, a.id) AS t;
CREATE VIEW asset_said_truth AS
SELECT workspace_id, asset_id,
    left(coalesce(string_agg(folded, ' ' ORDER BY number) FILTER (WHERE kind = 'said'), ''),
        400000) AS said,
    left(coalesce(string_agg(folded, ' ' ORDER BY kind, number) FILTER (WHERE kind <> 'said'), ''),
        400000) AS shown
FROM said GROUP BY workspace_id, asset_id;
"""

# Assets are held in their order, so that of two writers the second sees what the first wrote.
KEEPING = """
CREATE FUNCTION keep_said(workspace uuid, assets uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM asset a WHERE a.workspace_id = workspace AND a.id = ANY (assets)
        ORDER BY a.id FOR NO KEY UPDATE;
    WITH fresh AS MATERIALIZED (
        SELECT a.id AS asset_id, t.* FROM asset a
        CROSS JOIN LATERAL said_in(a.workspace_id, a.id) AS t
        WHERE a.workspace_id = workspace AND a.id = ANY (assets)
    ), gone AS (
        DELETE FROM said s WHERE s.workspace_id = workspace AND s.asset_id = ANY (assets)
            AND NOT EXISTS (SELECT FROM fresh f WHERE f.asset_id = s.asset_id AND f.kind = s.kind
                AND f.number = s.number)
    )
    INSERT INTO said AS s (workspace_id, asset_id, kind, number, start_s, end_s, text)
    SELECT workspace, f.* FROM fresh f ON CONFLICT (workspace_id, asset_id, kind, number)
    DO UPDATE SET start_s = excluded.start_s, end_s = excluded.end_s, text = excluded.text
    WHERE (s.start_s, s.end_s, s.text)
        IS DISTINCT FROM (excluded.start_s, excluded.end_s, excluded.text);
    DELETE FROM asset_said x WHERE x.workspace_id = workspace AND x.asset_id = ANY (assets)
        AND NOT EXISTS (SELECT FROM said s
            WHERE s.workspace_id = x.workspace_id AND s.asset_id = x.asset_id);
    INSERT INTO asset_said (workspace_id, asset_id, said, shown, grams)
    SELECT t.*, grams(t.said || ' ' || t.shown) FROM asset_said_truth t
    WHERE t.workspace_id = workspace AND t.asset_id = ANY (assets) AND NOT EXISTS (
        SELECT FROM asset_said x WHERE x.workspace_id = t.workspace_id
            AND x.asset_id = t.asset_id AND x.said = t.said AND x.shown = t.shown)
    ON CONFLICT (workspace_id, asset_id) DO UPDATE
    SET said = excluded.said, shown = excluded.shown, grams = excluded.grams;
END $$;
CREATE FUNCTION keep_said_of_blobs(workspace uuid, blobs uuid[]) RETURNS void LANGUAGE sql AS $$
    SELECT keep_said(workspace, array_agg(a.id)) FROM version v
    JOIN asset a ON a.workspace_id = v.workspace_id AND a.current_version_id = v.id
    WHERE v.workspace_id = workspace AND v.blob_id = ANY (blobs) HAVING count(*) > 0
$$;
"""

TRIGGERS = """
CREATE FUNCTION said_of_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said_of_blobs(workspace_id, array_agg(DISTINCT blob_id)) FROM changed
    GROUP BY workspace_id;
    RETURN NULL;
END $$;
CREATE FUNCTION said_of_tracks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(c.workspace_id, array_agg(DISTINCT v.asset_id)) FROM changed c
    JOIN version v ON v.workspace_id = c.workspace_id AND v.id = c.version_id
    GROUP BY c.workspace_id;
    RETURN NULL;
END $$;
CREATE FUNCTION said_of_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(NEW.workspace_id, ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER asset_switched_said AFTER UPDATE OF current_version_id ON asset FOR EACH ROW
    WHEN (OLD.current_version_id IS DISTINCT FROM NEW.current_version_id)
    EXECUTE FUNCTION said_of_asset();
-- A purged version takes along captions that later ones of the same bytes still showed.
CREATE FUNCTION said_of_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_said(OLD.workspace_id, ARRAY[OLD.asset_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER version_purged_said AFTER DELETE ON version FOR EACH ROW
    EXECUTE FUNCTION said_of_version();
CREATE FUNCTION learn_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM learn(workspace_id, string_agg(said || ' ' || shown, ' ')) FROM heard
    GROUP BY workspace_id;
    RETURN NULL;
END $$;
"""
KEEPERS = "".join(
    f"CREATE TRIGGER {table}_{event}_said AFTER {event} ON {table} REFERENCING {side} TABLE AS"
    f" changed FOR EACH STATEMENT EXECUTE FUNCTION said_of_{what}();"
    for table, what in (("transcript", "blobs"), ("slide", "blobs"), ("caption_track", "tracks"))
    for event, side in (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD"))
) + "".join(
    f"CREATE TRIGGER asset_said_{event}_learnt AFTER {event} ON asset_said REFERENCING NEW TABLE AS"
    " heard FOR EACH STATEMENT EXECUTE FUNCTION learn_said();"
    for event in ("insert", "update")
)
EXISTING = """
SELECT keep_said(a.workspace_id, ARRAY[a.id]) FROM asset a
WHERE spoken_in(a.workspace_id, a.id) IS NOT NULL;
"""
FORMER = """
DROP TRIGGER asset_switched_said ON asset;
DROP TRIGGER version_purged_said ON version;
DROP VIEW said_truth, asset_said_truth;
DROP FUNCTION said_of_blobs, said_of_tracks, said_of_asset, said_of_version, learn_said,
    keep_said_of_blobs, keep_said, said_in, spoken_in CASCADE;
"""


def tenant() -> list[sa.Column[object]]:
    return [
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
    ]


def of_asset(table: str, *key: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f(f"{table}_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", *key, name=op.f(f"{table}_pkey")),
    ]


def upgrade() -> None:
    _slides()
    op.create_table(
        "said",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "folded",
            sa.Text(collation="C"),
            sa.Computed("fold(text)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('said', 'shown', 'page')", name=op.f("said_kind_check")),
        *of_asset("said", "kind", "number"),
    )
    op.create_table(
        "asset_said",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.Text(collation="C"), nullable=False),
        sa.Column("shown", sa.Text(collation="C"), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()), nullable=False),
        *of_asset("asset_said"),
    )
    op.create_index(
        "asset_said_grams_idx",
        "asset_said",
        ["grams"],
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )
    for statements in (SPOKEN, TRUTH, KEEPING, TRIGGERS, KEEPERS):
        op.execute(statements)
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(EXISTING)


def _slides() -> None:
    op.create_table(
        "slide",
        *tenant(),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column(
            "lines",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("slide_workspace_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "blob_id"],
            ["blob.workspace_id", "blob.id"],
            name=op.f("slide_workspace_id_blob_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("(start_s IS NULL) = (end_s IS NULL)", name=op.f("slide_times_check")),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("slide_pkey")),
        sa.UniqueConstraint(
            "workspace_id",
            "blob_id",
            "number",
            name=op.f("slide_workspace_id_blob_id_number_key"),
        ),
    )


def downgrade() -> None:
    op.execute(FORMER)
    for table in ("asset_said", "said", "slide"):
        op.drop_table(table)
