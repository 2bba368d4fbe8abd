"""What lists of assets are found, sorted and counted by, kept by triggers.

One narrow row for each asset (`listing`) with its sort keys and `codes`: a number for each thing a
filter can ask for, in one GIN index, so that any combination is an intersection inside the index.
Texts are found by numbered trigrams (`asset_text`), spellings by their deletion neighbours
(`vocabulary`). `code_delta` adds up to how many live assets have each code; rows are only ever
added to it, so that nobody waits for anybody, and the sweep folds them together. ADR 0012.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

# Pure functions: of texts (the same as lectern.search.syntax.folding), and of ids.
FUNCTIONS = r"""
CREATE FUNCTION fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(replace(replace(replace(translate(
        regexp_replace(lower(normalize(value, NFKD) COLLATE pg_c_utf8), '[\u0300-\u036f]', '', 'g'),
        'øłđıς', 'oldiσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th') COLLATE "C"
$$;
CREATE FUNCTION natural_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(regexp_replace(
        regexp_replace(fold(name), '(\d+)', repeat('0', 18) || '\1', 'g'),
        '\d*(\d{18})(?!\d)', '\1', 'g'), 600) COLLATE "C"
$$;
CREATE FUNCTION grams(folded text) RETURNS int[]
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
CREATE FUNCTION near_keys(word text) RETURNS int[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    WITH one AS (
        SELECT i, overlay(word PLACING '' FROM i FOR 1) AS w
        FROM generate_series(1, length(word)) AS i
    ), two AS (
        SELECT overlay(one.w PLACING '' FROM j FOR 1) AS w
        FROM one, generate_series(1, least(length(word), 12) - 1) AS j
        WHERE length(word) >= 8 AND one.i <= 12 AND j >= one.i
    )
    SELECT array_agg(DISTINCT hashtext(w COLLATE "C"))
    FROM (SELECT word AS w UNION SELECT w FROM one UNION SELECT w FROM two) AS every
$$;
CREATE FUNCTION spelled_words(folded text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT DISTINCT w
    FROM regexp_split_to_table(folded COLLATE "C", '[\x01-\x40\x5b-\x60\x7b-\x7f]+') AS w
    WHERE length(w) BETWEEN 4 AND 24
$$;
CREATE FUNCTION low_bits(id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('x0' || substr(id::text, 21, 3) || substr(id::text, 25))::bit(64)::bigint
$$;
CREATE FUNCTION facet_code(field int, id uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (field::bigint << 60) | low_bits(id)
$$;
CREATE FUNCTION fixed_code(workspace_id uuid, number int) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (5::bigint << 60) | ((low_bits(workspace_id) & ((1::bigint << 52) - 1)) << 8) | number
$$;
CREATE FUNCTION asset_codes(workspace_id uuid, kind text, state text, usage_count int,
    last_used_at timestamptz, folder_id uuid, created_by uuid) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_remove(ARRAY[
        fixed_code(workspace_id, array_position('{video,audio,image,document}', kind)),
        fixed_code(workspace_id, 10 + array_position('{processing,ready,failed}', state)),
        fixed_code(workspace_id, CASE WHEN usage_count > 0 THEN 21
            WHEN last_used_at IS NOT NULL THEN 22 ELSE 23 END),
        facet_code(3, folder_id), facet_code(4, created_by)], NULL)
$$;
"""

# What every kept row must equal; `fsck` compares, and new rows come from here.
TRUTH = """
CREATE VIEW listing_truth AS
SELECT a.workspace_id, a.id AS asset_id, a.live, a.created_at, natural_key(a.name) AS name_key,
    coalesce(a.byte_size, 0) AS byte_size, coalesce(a.duration_s, -1) AS duration_s, a.usage_count,
    coalesce(a.last_used_at, to_timestamp(0)) AS last_used_at,
    asset_codes(a.workspace_id, a.kind, a.state, a.usage_count, a.last_used_at, a.folder_id,
        a.created_by)
    || ARRAY(SELECT facet_code(1, t.tag_id) FROM asset_tag t
        WHERE t.workspace_id = a.workspace_id AND t.asset_id = a.id)
    || ARRAY(SELECT DISTINCT facet_code(2, u.course_id) FROM usage u
        WHERE u.workspace_id = a.workspace_id AND u.asset_id = a.id)
    || ARRAY(SELECT fixed_code(a.workspace_id, 41) FROM digest_count d
        WHERE d.workspace_id = a.workspace_id AND d.digest = a.digest AND d.assets > 1 AND a.live)
    AS codes
FROM asset a;
CREATE VIEW asset_text_truth AS
SELECT a.workspace_id, a.id AS asset_id, fold(a.name) || E'\\n' || fold(a.original_name) AS names,
    fold(a.description) AS description
FROM asset a;
"""

TRIGGERS = """
-- Digest counts are locked in their order and before any listing, so that writers queue.
CREATE FUNCTION mark_twins(digests text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE listing l SET codes = CASE WHEN twin THEN l.codes || fixed_code(l.workspace_id, 41)
        ELSE array_remove(l.codes, fixed_code(l.workspace_id, 41)) END
    FROM (SELECT a.workspace_id, a.id, a.live AND d.assets > 1 AS twin
        FROM digest_count d JOIN asset a ON a.workspace_id = d.workspace_id AND a.digest = d.digest
        WHERE (d.workspace_id, d.digest) IN (SELECT split_part(each, ' ', 1)::uuid,
            split_part(each, ' ', 2) FROM unnest(digests) AS each)) AS known
    WHERE l.workspace_id = known.workspace_id AND l.asset_id = known.id
        AND twin <> (l.codes @> ARRAY[fixed_code(l.workspace_id, 41)])
$$;

CREATE FUNCTION list_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO listing (workspace_id, asset_id, live, created_at, name_key, byte_size, duration_s,
        usage_count, last_used_at, codes)
    SELECT t.* FROM added JOIN listing_truth t
        ON t.workspace_id = added.workspace_id AND t.asset_id = added.id;
    INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)
    SELECT t.*, grams(t.names || E'\\n' || t.description) FROM added JOIN asset_text_truth t
        ON t.workspace_id = added.workspace_id AND t.asset_id = added.id;
    INSERT INTO digest_count (workspace_id, digest, assets)
    SELECT workspace_id, digest, count(*) FROM added WHERE live AND digest IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = digest_count.assets + excluded.assets;
    PERFORM mark_twins(array_agg(workspace_id || ' ' || digest)) FROM added
    WHERE digest IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_added AFTER INSERT ON asset REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION list_added();

CREATE FUNCTION list_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE twins text[];
BEGIN
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.live, n.digest) IS DISTINCT FROM (o.live, o.digest)) THEN
        INSERT INTO digest_count (workspace_id, digest, assets)
        SELECT workspace_id, digest, sum(by) FROM (
            SELECT workspace_id, digest, 1 AS by FROM after_it WHERE live
            UNION ALL SELECT workspace_id, digest, -1 FROM before_it WHERE live) AS moved
        WHERE digest IS NOT NULL GROUP BY 1, 2 HAVING sum(by) <> 0 ORDER BY 1, 2
        ON CONFLICT (workspace_id, digest)
            DO UPDATE SET assets = digest_count.assets + excluded.assets;
        twins := ARRAY(SELECT workspace_id || ' ' || digest FROM after_it WHERE digest IS NOT NULL
            UNION SELECT workspace_id || ' ' || digest FROM before_it WHERE digest IS NOT NULL);
    END IF;
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.live, n.name, n.byte_size, n.duration_s, n.usage_count, n.last_used_at,
            n.created_at, n.kind, n.state, n.folder_id, n.created_by)
        IS DISTINCT FROM (o.live, o.name, o.byte_size, o.duration_s, o.usage_count, o.last_used_at,
            o.created_at, o.kind, o.state, o.folder_id, o.created_by)) THEN
    UPDATE listing l SET live = n.live, name_key = natural_key(n.name),
        byte_size = coalesce(n.byte_size, 0), duration_s = coalesce(n.duration_s, -1),
        usage_count = n.usage_count, last_used_at = coalesce(n.last_used_at, to_timestamp(0)),
        created_at = n.created_at,
        codes = asset_codes(n.workspace_id, n.kind, n.state, n.usage_count, n.last_used_at,
            n.folder_id, n.created_by) || ARRAY(SELECT c FROM unnest(l.codes) c
                WHERE c >> 60 < 3 OR c = fixed_code(n.workspace_id, 41))
    FROM after_it n WHERE l.workspace_id = n.workspace_id AND l.asset_id = n.id;
    END IF;
    IF EXISTS (SELECT FROM after_it n JOIN before_it o
        ON n.workspace_id = o.workspace_id AND n.id = o.id
        WHERE (n.name, n.original_name, n.description)
        IS DISTINCT FROM (o.name, o.original_name, o.description)) THEN
    UPDATE asset_text x SET names = t.names, description = t.description,
        grams = grams(t.names || E'\\n' || t.description)
    FROM after_it n JOIN asset_text_truth t ON t.workspace_id = n.workspace_id AND t.asset_id = n.id
    WHERE x.workspace_id = n.workspace_id AND x.asset_id = n.id;
    END IF;
    IF twins <> '{}' THEN PERFORM mark_twins(twins); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_changed AFTER UPDATE ON asset
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION list_changed();

CREATE FUNCTION list_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO digest_count (workspace_id, digest, assets)
    SELECT workspace_id, digest, -count(*) FROM removed WHERE live AND digest IS NOT NULL
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (workspace_id, digest) DO UPDATE SET assets = digest_count.assets + excluded.assets;
    PERFORM mark_twins(array_agg(workspace_id || ' ' || digest)) FROM removed
    WHERE digest IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_removed AFTER DELETE ON asset REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION list_removed();

CREATE FUNCTION list_tagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE listing l SET codes = l.codes || t.codes
        FROM (SELECT workspace_id, asset_id, array_agg(facet_code(1, tag_id)) AS codes
            FROM changed GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    ELSE
        UPDATE listing l SET codes = ARRAY(SELECT c FROM unnest(l.codes) c WHERE c <> ALL (t.codes))
        FROM (SELECT workspace_id, asset_id, array_agg(facet_code(1, tag_id)) AS codes
            FROM changed GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER asset_tag_added AFTER INSERT ON asset_tag REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();
CREATE TRIGGER asset_tag_removed AFTER DELETE ON asset_tag REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION list_tagged();
CREATE FUNCTION keep_asset_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'An asset keeps its tag: take it off and put on another.';
END $$;
CREATE TRIGGER asset_tag_kept BEFORE UPDATE OF asset_id, tag_id, workspace_id ON asset_tag
    FOR EACH ROW EXECUTE FUNCTION keep_asset_tag();

DROP TRIGGER usage_counted ON usage;
CREATE OR REPLACE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE asset a SET usage_count = a.usage_count + t.uses, last_used_at = clock_timestamp(),
            lock_version = a.lock_version + 1
        FROM (SELECT workspace_id, asset_id, count(*) AS uses FROM changed GROUP BY 1, 2) t
        WHERE a.workspace_id = t.workspace_id AND a.id = t.asset_id;
        UPDATE listing l SET codes = l.codes || t.codes
        FROM (SELECT c.workspace_id, c.asset_id, array_agg(DISTINCT code) AS codes
            FROM changed c CROSS JOIN LATERAL facet_code(2, c.course_id) AS code
            JOIN listing was ON was.workspace_id = c.workspace_id AND was.asset_id = c.asset_id
                AND code <> ALL (was.codes) GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    ELSE
        UPDATE asset a SET usage_count = a.usage_count - t.uses, lock_version = a.lock_version + 1
        FROM (SELECT workspace_id, asset_id, count(*) AS uses FROM changed GROUP BY 1, 2) t
        WHERE a.workspace_id = t.workspace_id AND a.id = t.asset_id;
        UPDATE listing l SET codes = ARRAY(SELECT c FROM unnest(l.codes) c WHERE c <> ALL (t.codes))
        FROM (SELECT c.workspace_id, c.asset_id, array_agg(facet_code(2, c.course_id)) AS codes
            FROM changed c WHERE NOT EXISTS (SELECT FROM usage u
                WHERE u.workspace_id = c.workspace_id AND u.asset_id = c.asset_id
                    AND u.course_id = c.course_id) GROUP BY 1, 2) t
        WHERE l.workspace_id = t.workspace_id AND l.asset_id = t.asset_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_added AFTER INSERT ON usage REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_usage();
CREATE TRIGGER usage_ended AFTER DELETE ON usage REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION count_usage();

CREATE FUNCTION count_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, count(*) FROM after_it, counted_codes(workspace_id, live, codes)
            AS code GROUP BY 1, 2;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, -count(*) FROM before_it,
            counted_codes(workspace_id, live, codes) AS code GROUP BY 1, 2;
    ELSE
        INSERT INTO code_delta (workspace_id, code, assets)
        SELECT workspace_id, code, sum(by) FROM (
            SELECT workspace_id, code, 1 AS by FROM after_it,
                counted_codes(workspace_id, live, codes) AS code
            UNION ALL SELECT workspace_id, code, -1 FROM before_it,
                counted_codes(workspace_id, live, codes) AS code) AS moved
        GROUP BY 1, 2 HAVING sum(by) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION counted_codes(workspace_id uuid, live bool, codes bigint[]) RETURNS SETOF bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 12 AS $$
    SELECT unnest(CASE WHEN live THEN codes || fixed_code(workspace_id, 0)
        ELSE ARRAY[fixed_code(workspace_id, 31)] END)
$$;
CREATE TRIGGER listing_added AFTER INSERT ON listing REFERENCING NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();
CREATE TRIGGER listing_changed AFTER UPDATE ON listing
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();
CREATE TRIGGER listing_removed AFTER DELETE ON listing REFERENCING OLD TABLE AS before_it
    FOR EACH STATEMENT EXECUTE FUNCTION count_codes();

CREATE FUNCTION learn(workspace uuid, folded text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO vocabulary (workspace_id, word, near)
    SELECT workspace, word, near_keys(word) FROM spelled_words(folded) AS spelled(word)
    WHERE NOT EXISTS (SELECT FROM vocabulary v
        WHERE v.workspace_id = workspace AND v.word = spelled.word)
    ORDER BY word ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION learn_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM learn(workspace_id, string_agg(names || ' ' || description, ' '))
    FROM said GROUP BY workspace_id;
    RETURN NULL;
END $$;
CREATE FUNCTION learn_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM learn(workspace_id, fold(string_agg(name, ' '))) FROM said GROUP BY workspace_id;
    RETURN NULL;
END $$;
"""

LEARNERS = "".join(
    f"CREATE TRIGGER {table}_{event}_said AFTER {event} ON {table} REFERENCING NEW TABLE AS said"
    f" FOR EACH STATEMENT EXECUTE FUNCTION learn_{kind}();"
    for table, kind in (("asset_text", "text"), ("tag", "name"), ("folder", "name"))
    for event in ("insert", "update")
)

FORMER = """
DROP VIEW IF EXISTS listing_truth, asset_text_truth;
DROP FUNCTION list_added, list_changed, list_removed, list_tagged, keep_asset_tag, count_codes,
    counted_codes, learn, learn_text, learn_name, mark_twins, asset_codes, fixed_code, facet_code,
    low_bits, spelled_words, near_keys, grams, natural_key, fold CASCADE;
DROP TRIGGER usage_added ON usage;
DROP TRIGGER usage_ended ON usage;
CREATE OR REPLACE FUNCTION count_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE asset SET usage_count = usage_count - 1, lock_version = lock_version + 1
         WHERE workspace_id = OLD.workspace_id AND id = OLD.asset_id;
    ELSE
        UPDATE asset SET usage_count = usage_count + 1, last_used_at = clock_timestamp(),
                         lock_version = lock_version + 1
         WHERE workspace_id = NEW.workspace_id AND id = NEW.asset_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER usage_counted AFTER INSERT OR DELETE ON usage
    FOR EACH ROW EXECUTE FUNCTION count_usage();
CREATE INDEX asset_newest_idx ON asset (workspace_id, created_at DESC, id DESC) WHERE live;
CREATE INDEX asset_kind_newest_idx ON asset (workspace_id, kind, created_at DESC, id DESC)
    WHERE live;
"""

EXISTING = """
INSERT INTO digest_count (workspace_id, digest, assets)
SELECT workspace_id, digest, count(*) FROM asset WHERE live AND digest IS NOT NULL GROUP BY 1, 2;
INSERT INTO listing (workspace_id, asset_id, live, created_at, name_key, byte_size, duration_s,
    usage_count, last_used_at, codes) SELECT * FROM listing_truth;
INSERT INTO asset_text (workspace_id, asset_id, names, description, grams)
SELECT *, grams(names || E'\\n' || description) FROM asset_text_truth;
INSERT INTO vocabulary (workspace_id, word, near)
SELECT workspace_id, word, near_keys(word) FROM (
    SELECT DISTINCT workspace_id, word FROM (
        SELECT workspace_id, fold(name) AS said FROM tag
        UNION ALL SELECT workspace_id, fold(name) FROM folder) AS named, spelled_words(said) AS word
) AS words ON CONFLICT DO NOTHING;
"""


NAMED_CODES = (("tag", "code"), ("course", "code"), ("folder", "code"))


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.create_table(
        "listing",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("listing_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", name=op.f("listing_pkey")),
    )
    for key in ("created_at", "name_key", "byte_size", "duration_s", "usage_count", "last_used_at"):
        op.create_index(
            f"listing_{key}_idx",
            "listing",
            ["workspace_id", key, "asset_id"],
            postgresql_where=sa.text("live"),
        )
    op.create_index(
        "listing_trash_idx",
        "listing",
        ["workspace_id", "created_at", "asset_id"],
        postgresql_where=sa.text("NOT live"),
    )
    # A short list of pending entries: writers are quick, and readers have little to look through.
    gin = {"gin_pending_list_limit": 256}
    op.create_index(
        "listing_codes_idx", "listing", ["codes"], postgresql_using="gin", postgresql_with=gin
    )
    op.create_table(
        "asset_text",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("names", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(collation="C"), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "asset_id"],
            ["asset.workspace_id", "asset.id"],
            name=op.f("asset_text_workspace_id_asset_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "asset_id", name=op.f("asset_text_pkey")),
    )
    op.create_index(
        "asset_text_grams_idx", "asset_text", ["grams"], postgresql_using="gin", postgresql_with=gin
    )
    _create_counts()
    _name_codes()
    op.execute(TRUTH)
    op.execute(TRIGGERS)
    op.execute(LEARNERS)
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(EXISTING)
    op.drop_index("asset_newest_idx", "asset")
    op.drop_index("asset_kind_newest_idx", "asset")


def _name_codes() -> None:
    """So that a code leads to what it is the code of, and names are folded once."""
    for table, field in (("tag", 1), ("course", 2), ("folder", 3)):
        code = sa.Computed(f"facet_code({field}, id)", persisted=True)
        op.add_column(table, sa.Column("code", sa.BigInteger(), code, nullable=False))
        op.create_index(op.f(f"{table}_workspace_id_code_idx"), table, ["workspace_id", "code"])
    for table in ("tag", "folder"):
        folded = sa.Computed("fold(name)", persisted=True)
        op.add_column(table, sa.Column("folded", sa.Text(collation="C"), folded, nullable=False))


def _create_counts() -> None:
    op.create_table(
        "code_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("code_delta_pkey")),
    )
    op.create_index(
        op.f("code_delta_workspace_id_code_idx"),
        "code_delta",
        ["workspace_id", "code"],
        postgresql_include=["assets"],
    )
    op.create_table(
        "digest_count",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("assets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "digest", name=op.f("digest_count_pkey")),
    )
    op.create_index(
        "digest_count_twins_idx",
        "digest_count",
        ["workspace_id", "digest"],
        postgresql_where=sa.text("assets > 1"),
    )
    op.create_table(
        "vocabulary",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("near", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "word", name=op.f("vocabulary_pkey")),
    )
    op.create_index("vocabulary_near_idx", "vocabulary", ["near"], postgresql_using="gin")


def downgrade() -> None:
    for table in ("vocabulary", "digest_count", "code_delta", "asset_text", "listing"):
        op.execute(f"DROP TABLE {table} CASCADE")
    for table, column in (("tag", "folded"), ("folder", "folded"), *NAMED_CODES):
        op.drop_column(table, column)
    op.execute(FORMER)
