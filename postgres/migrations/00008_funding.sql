-- +goose Up

-- Tokens that are taken back: a grant's target, and where it is met. What is met by neither tokens of the team's grants
-- (reclaims), nor tokens that are still held, nor tokens that had lapsed, is debt that the grant incurred.
ALTER TABLE grants
    ADD reclaimed      bigint NOT NULL DEFAULT 0 CHECK (reclaimed >= 0 AND reclaimed <= tokens),
    ADD reclaim_held   bigint NOT NULL DEFAULT 0 CHECK (reclaim_held >= 0 AND reclaim_held <= held),
    ADD reclaim_void   bigint NOT NULL DEFAULT 0 CHECK (reclaim_void >= 0 AND reclaim_void <= expired),
    ADD corrected      bigint NOT NULL DEFAULT 0 CHECK (corrected >= 0 AND corrected <= reclaimed),
    ADD reclaim_reason text CHECK (reclaim_reason IN ('REFUND', 'DISPUTE', 'CORRECTION', 'REFERRAL'));
CREATE INDEX grants_paid_debt ON grants (team_id) WHERE paid_debt > 0;

CREATE TABLE reclaims (
    team_id       text NOT NULL,
    grant_id      text NOT NULL REFERENCES grants,
    from_grant_id text NOT NULL REFERENCES grants,
    tokens        bigint NOT NULL CHECK (tokens >= 0),
    PRIMARY KEY (grant_id, from_grant_id)
);
CREATE INDEX reclaims_from ON reclaims (from_grant_id) WHERE tokens > 0;

ALTER TABLE ledger_entries
    ADD reason text CHECK (reason IN ('REFUND', 'DISPUTE', 'CORRECTION', 'REFERRAL')),
    DROP CONSTRAINT ledger_entries_kind_check,
    ADD CONSTRAINT ledger_entries_kind_check
        CHECK (kind IN ('GRANT', 'RESERVE', 'CAPTURE', 'RELEASE', 'EXPIRE', 'REVOKE', 'REINSTATE'));

-- What waited for a generation is among its lines.
CREATE INDEX ledger_entries_revoked ON ledger_entries (generation_id) WHERE kind = 'REVOKE' AND generation_id IS NOT NULL;

ALTER TABLE limit_warnings
    DROP CONSTRAINT limit_warnings_kind_check,
    ADD CONSTRAINT limit_warnings_kind_check CHECK (kind IN ('DAILY_LIMIT_NEAR', 'DAILY_LIMIT_REACHED', 'BALANCE_LOW',
        'BALANCE_EMPTY', 'GRANT_EXPIRING', 'MEMBER_LIMIT_NEAR', 'MEMBER_LIMIT_REACHED', 'AUTO_TOP_UP_PAUSED'));

-- Each team's code is drawn by the database, so that whoever makes a team has nothing to do for it.
ALTER TABLE teams
    ADD referral_code text NOT NULL UNIQUE
        DEFAULT 'REF-' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 10));

CREATE TABLE token_packages (
    id                 text PRIMARY KEY,
    name               text NOT NULL,
    tokens             bigint NOT NULL CHECK (tokens > 0),
    price_minor        bigint NOT NULL CHECK (price_minor > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    active             boolean NOT NULL,
    expires_after_days integer CHECK (expires_after_days > 0),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL
);
INSERT INTO token_packages (id, name, tokens, price_minor, currency, active, created_at, updated_at)
VALUES ('package_00000000000000000000000001', 'Starter', 650, 900, 'EUR', true, now(), now()),
    ('package_00000000000000000000000002', 'Team', 3250, 3900, 'EUR', true, now(), now()),
    ('package_00000000000000000000000003', 'Studio', 13000, 12900, 'EUR', true, now(), now());

-- What was bought is frozen with the purchase: a package that changes later changes nothing here.
CREATE TABLE purchases (
    id                 text PRIMARY KEY,
    team_id            text NOT NULL REFERENCES teams,
    buyer_id           text NOT NULL REFERENCES users,
    package_id         text NOT NULL REFERENCES token_packages,
    package_name       text NOT NULL,
    tokens             bigint NOT NULL CHECK (tokens > 0),
    price_minor        bigint NOT NULL CHECK (price_minor > 0),
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    expires_after_days integer CHECK (expires_after_days > 0),
    provider           text NOT NULL,
    live               boolean NOT NULL,
    automatic          boolean NOT NULL DEFAULT false,
    save_method        boolean NOT NULL DEFAULT false,
    customer           text,
    method             text,
    return_url         text,
    version            bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    status             text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'PAID', 'FAILED', 'CANCELLED',
        'EXPIRED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED')),
    attention          text CHECK (attention IN ('MISMATCH', 'OVERPAID', 'REFUND_FAILED', 'PROVIDER_REFUSED')),
    failure            text,
    facts              jsonb NOT NULL DEFAULT '{}',
    session_id         text,
    payment_id         text,
    checkout_url       text,
    checkout_ends_at   timestamptz NOT NULL,
    receipt_url        text,
    refunded_minor     bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    refunded_tokens    bigint NOT NULL DEFAULT 0 CHECK (refunded_tokens >= 0 AND refunded_tokens <= tokens),
    grant_id           text UNIQUE REFERENCES grants DEFERRABLE INITIALLY DEFERRED,
    cancelled_at       timestamptz,
    paid_at            timestamptz,
    due_at             timestamptz,
    attempts           integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CHECK ((grant_id IS NULL) = (paid_at IS NULL)),
    CHECK (grant_id IS NOT NULL OR status IN ('PENDING', 'FAILED', 'CANCELLED', 'EXPIRED'))
);
CREATE INDEX purchases_team ON purchases (team_id, id);
CREATE INDEX purchases_status ON purchases (status, id);
CREATE INDEX purchases_attention ON purchases (id) WHERE attention IS NOT NULL;
CREATE INDEX purchases_due ON purchases (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX purchases_one_top_up ON purchases (team_id) WHERE automatic AND status = 'PENDING';
CREATE INDEX purchases_automatic ON purchases (team_id, created_at) WHERE automatic;

-- Which purchase a provider's id belongs to: of a session or a payment.
CREATE TABLE payment_references (
    provider    text NOT NULL,
    reference   text NOT NULL,
    purchase_id text NOT NULL REFERENCES purchases DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (provider, reference)
);

-- Notices are stored before anything is done with them. One whose purchase is not known yet waits.
CREATE TABLE payment_notices (
    provider    text NOT NULL,
    id          text NOT NULL,
    body        bytea NOT NULL,
    notice      jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    due_at      timestamptz,
    attempts    integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    waits_for   text,
    processed_at timestamptz,
    PRIMARY KEY (provider, id),
    CHECK (processed_at IS NULL OR due_at IS NULL)
);
CREATE INDEX payment_notices_due ON payment_notices (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX payment_notices_waiting ON payment_notices (provider, waits_for) WHERE waits_for IS NOT NULL;

-- When a provider's own lists were last compared with what is known here.
CREATE TABLE provider_comparisons (
    provider      text PRIMARY KEY,
    reconciled_at timestamptz NOT NULL
);

-- Refunds that administrators asked for, from the request to the provider's answer.
CREATE TABLE refund_requests (
    id           text PRIMARY KEY,
    team_id      text NOT NULL REFERENCES teams,
    purchase_id  text NOT NULL REFERENCES purchases,
    payment_id   text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    note         text NOT NULL,
    actor_id     text NOT NULL REFERENCES users,
    state        text NOT NULL CHECK (state IN ('REQUESTED', 'TAKEN', 'REFUSED')),
    failure      text,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX refund_requests_purchase ON refund_requests (purchase_id, id);

-- What a provider keeps of a team's payers, to charge while they are away.
CREATE TABLE saved_methods (
    team_id     text NOT NULL REFERENCES teams,
    provider    text NOT NULL,
    customer    text NOT NULL,
    method      text NOT NULL,
    purchase_id text NOT NULL REFERENCES purchases,
    saved_at    timestamptz NOT NULL,
    PRIMARY KEY (team_id, provider)
);

CREATE TABLE auto_top_ups (
    team_id           text PRIMARY KEY REFERENCES teams,
    enabled           boolean NOT NULL,
    package_id        text REFERENCES token_packages,
    threshold         bigint NOT NULL CHECK (threshold >= 0),
    monthly_cap_minor bigint NOT NULL CHECK (monthly_cap_minor >= 0),
    paused_reason     text CHECK (paused_reason IN ('DECLINED', 'MONEY_BACK', 'NO_BUYER', 'PACKAGE_INACTIVE', 'PROVIDER_REFUSED')),
    paused_at         timestamptz,
    rests_until       timestamptz,
    set_by            text NOT NULL REFERENCES users,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CHECK (NOT enabled OR package_id IS NOT NULL),
    CHECK ((paused_reason IS NULL) = (paused_at IS NULL))
);
CREATE INDEX auto_top_ups_running ON auto_top_ups (team_id) WHERE enabled AND paused_reason IS NULL;

CREATE TABLE promotions (
    id                       text PRIMARY KEY,
    code                     text NOT NULL UNIQUE CHECK (code = upper(code)),
    kind                     text NOT NULL CHECK (kind IN ('GIFT', 'REFERRAL', 'EVENT')),
    name                     text NOT NULL,
    terms                    text NOT NULL,
    tokens                   bigint NOT NULL CHECK (tokens > 0),
    starts_at                timestamptz NOT NULL,
    ends_at                  timestamptz CHECK (ends_at > starts_at),
    max_redemptions          integer CHECK (max_redemptions >= 0),
    redemptions              integer NOT NULL DEFAULT 0 CHECK (redemptions >= 0),
    grant_expires_after_days integer CHECK (grant_expires_after_days > 0),
    created_by               text REFERENCES users,
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL
);

CREATE INDEX promotions_referral ON promotions (id) WHERE kind = 'REFERRAL';

-- One redemption for each team and promotion.
CREATE TABLE redemptions (
    promotion_id text NOT NULL REFERENCES promotions,
    team_id      text NOT NULL REFERENCES teams,
    user_id      text NOT NULL REFERENCES users,
    grant_id     text NOT NULL UNIQUE REFERENCES grants DEFERRABLE INITIALLY DEFERRED,
    redeemed_at  timestamptz NOT NULL,
    PRIMARY KEY (promotion_id, team_id)
);
CREATE INDEX redemptions_team ON redemptions (team_id);

-- Which team invited which: a team is invited once. Both rewards follow what is kept of the invited team's first paid
-- purchase.
CREATE TABLE referrals (
    id               text PRIMARY KEY,
    inviter_id       text NOT NULL REFERENCES teams,
    invited_id       text NOT NULL UNIQUE REFERENCES teams DEFERRABLE INITIALLY DEFERRED,
    user_id          text NOT NULL REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    promotion_id     text REFERENCES promotions,
    tokens           bigint CHECK (tokens >= 0),
    expires_after_days integer CHECK (expires_after_days > 0),
    purchase_id      text UNIQUE REFERENCES purchases,
    inviter_grant_id text UNIQUE REFERENCES grants DEFERRABLE INITIALLY DEFERRED,
    invited_grant_id text UNIQUE REFERENCES grants DEFERRABLE INITIALLY DEFERRED,
    due_at           timestamptz,
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    created_at       timestamptz NOT NULL,
    rewarded_at      timestamptz,
    CHECK (inviter_id <> invited_id),
    CHECK ((rewarded_at IS NULL) = (purchase_id IS NULL)),
    CHECK ((purchase_id IS NULL) = (tokens IS NULL)),
    CHECK ((promotion_id IS NOT NULL) = (coalesce(tokens, 0) > 0))
);
CREATE INDEX referrals_promotion ON referrals (promotion_id);
CREATE INDEX referrals_inviter ON referrals (inviter_id, id);
CREATE INDEX referrals_due ON referrals (due_at) WHERE due_at IS NOT NULL;

-- The referral campaign that runs from the start: what both teams get.
INSERT INTO promotions (id, code, kind, name, terms, tokens, starts_at, created_at, updated_at)
VALUES ('promotion_00000000000000000000000001', 'REFERRAL', 'REFERRAL', 'Invite a team',
    'Both teams get 195 tokens when the invited team makes its first paid purchase. They are taken back if it is refunded.',
    195, '2026-01-01T00:00:00Z', now(), now());

-- +goose Down
DROP TABLE referrals, redemptions, promotions, auto_top_ups, saved_methods, refund_requests, provider_comparisons,
    payment_notices, payment_references, purchases, token_packages, reclaims;
ALTER TABLE teams DROP referral_code;
DELETE FROM limit_warnings WHERE kind = 'AUTO_TOP_UP_PAUSED';
ALTER TABLE limit_warnings
    DROP CONSTRAINT limit_warnings_kind_check,
    ADD CONSTRAINT limit_warnings_kind_check CHECK (kind IN ('DAILY_LIMIT_NEAR', 'DAILY_LIMIT_REACHED', 'BALANCE_LOW',
        'BALANCE_EMPTY', 'GRANT_EXPIRING', 'MEMBER_LIMIT_NEAR', 'MEMBER_LIMIT_REACHED'));
ALTER TABLE ledger_entries
    DROP reason,
    DROP CONSTRAINT ledger_entries_kind_check,
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('GRANT', 'RESERVE', 'CAPTURE', 'RELEASE', 'EXPIRE'))
        NOT VALID;
DROP INDEX grants_paid_debt, ledger_entries_revoked;
ALTER TABLE grants DROP reclaimed, DROP reclaim_held, DROP reclaim_void, DROP corrected, DROP reclaim_reason;
