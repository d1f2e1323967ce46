-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE products (
    id          text PRIMARY KEY,
    team_id     text NOT NULL REFERENCES teams,
    name        text NOT NULL CHECK (name <> ''),
    handle      text,
    sku         text,
    brand       text,
    category    text,
    description text NOT NULL DEFAULT '',
    attributes  jsonb NOT NULL DEFAULT '[]',
    feed_images jsonb NOT NULL DEFAULT '[]',
    feed_offers jsonb NOT NULL DEFAULT '[]',
    words       text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    search      tsvector GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE UNIQUE INDEX products_handle ON products (team_id, handle) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX products_sku ON products (team_id, sku) WHERE deleted_at IS NULL;
CREATE INDEX products_team ON products (team_id, id) WHERE deleted_at IS NULL;
CREATE INDEX products_search ON products USING gin (search) WHERE deleted_at IS NULL;

CREATE TABLE public_products (
    handle      text PRIMARY KEY,
    name        text NOT NULL,
    brand       text,
    category    text,
    description text NOT NULL DEFAULT '',
    attributes  jsonb NOT NULL DEFAULT '[]',
    feed_images jsonb NOT NULL DEFAULT '[]',
    feed_offers jsonb NOT NULL DEFAULT '[]',
    words       text NOT NULL DEFAULT '',
    search      tsvector GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE INDEX public_products_search ON public_products USING gin (search);
CREATE INDEX public_products_trigrams ON public_products USING gin (words gin_trgm_ops);

CREATE TABLE contents (
    id            text PRIMARY KEY,
    team_id       text NOT NULL,
    product_id    text NOT NULL REFERENCES products,
    part          text NOT NULL CHECK (part IN ('SHORT_DESCRIPTION', 'LONG_DESCRIPTION')),
    version       integer NOT NULL CHECK (version > 0),
    text          text NOT NULL,
    source        text NOT NULL CHECK (source IN ('GENERATED', 'TEMPLATE', 'MANUAL')),
    author_id     text,
    generation_id text,
    restored_from integer,
    reviewed_at   timestamptz,
    reviewed_by   text,
    created_at    timestamptz NOT NULL,
    UNIQUE (product_id, part, version),
    CHECK ((source = 'GENERATED') = (generation_id IS NOT NULL)),
    CHECK (restored_from < version),
    CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL))
);
CREATE UNIQUE INDEX contents_generated_once ON contents (generation_id, part)
    WHERE generation_id IS NOT NULL AND restored_from IS NULL;

CREATE TABLE product_images (
    id            text PRIMARY KEY,
    team_id       text NOT NULL,
    product_id    text NOT NULL REFERENCES products,
    generation_id text NOT NULL,
    position      integer NOT NULL CHECK (position >= 0),
    picked        boolean NOT NULL DEFAULT false,
    url           text NOT NULL,
    thumbnail_url text,
    title         text NOT NULL,
    source_url    text,
    license       text,
    width         integer,
    height        integer,
    provider      text NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (generation_id, position)
);
CREATE INDEX product_images_product ON product_images (product_id, generation_id);

CREATE TABLE product_prices (
    id            text PRIMARY KEY,
    team_id       text NOT NULL,
    product_id    text NOT NULL REFERENCES products,
    generation_id text NOT NULL,
    position      integer NOT NULL CHECK (position >= 0),
    picked        boolean NOT NULL DEFAULT false,
    seller        text NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor >= 0),
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    url           text,
    observed_at   timestamptz NOT NULL,
    provider      text NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (generation_id, position)
);
CREATE INDEX product_prices_product ON product_prices (product_id, generation_id);

CREATE TABLE templates (
    id                text PRIMARY KEY,
    team_id           text NOT NULL REFERENCES teams,
    name              text NOT NULL CHECK (name <> ''),
    short_description text NOT NULL,
    long_description  text NOT NULL,
    language          text NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);
CREATE INDEX templates_team ON templates (team_id, id);

-- +goose Down
DROP TABLE templates, product_prices, product_images, contents, public_products, products;
