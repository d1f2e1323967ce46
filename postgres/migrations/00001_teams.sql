-- +goose Up
CREATE TABLE users (
    id            text PRIMARY KEY,
    email         text NOT NULL CHECK (email <> ''),
    name          text NOT NULL,
    locale        text NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'es')),
    password_hash text NOT NULL,
    platform_role text NOT NULL DEFAULT 'USER' CHECK (platform_role IN ('USER', 'ADMINISTRATOR')),
    welcomed_at   timestamptz,
    created_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    id         text PRIMARY KEY,
    user_id    text NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE teams (
    id         text PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    plan       text NOT NULL DEFAULT 'STANDARD' CHECK (plan IN ('STANDARD', 'ENTERPRISE')),
    created_by text NOT NULL REFERENCES users,
    created_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    id          text PRIMARY KEY,
    team_id     text NOT NULL REFERENCES teams,
    user_id     text NOT NULL REFERENCES users,
    role        text NOT NULL CHECK (role IN ('VIEWER', 'MEMBER', 'ADMIN', 'OWNER')),
    daily_limit bigint CHECK (daily_limit >= 0),
    joined_at   timestamptz NOT NULL,
    UNIQUE (team_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE invitations (
    id          text PRIMARY KEY,
    team_id     text NOT NULL REFERENCES teams,
    email       text NOT NULL,
    role        text NOT NULL CHECK (role IN ('VIEWER', 'MEMBER', 'ADMIN', 'OWNER')),
    token_hash  bytea NOT NULL UNIQUE,
    invited_by  text NOT NULL REFERENCES users,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by text REFERENCES users,
    CHECK ((accepted_at IS NULL) = (accepted_by IS NULL))
);
CREATE INDEX invitations_open ON invitations (team_id, id) WHERE accepted_at IS NULL;

CREATE TABLE settings (
    id                  boolean PRIMARY KEY DEFAULT true CHECK (id),
    default_daily_limit bigint CHECK (default_daily_limit >= 0)
);
INSERT INTO settings (default_daily_limit) VALUES (650);

-- +goose Down
DROP TABLE settings, invitations, memberships, teams, sessions, users;
