-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "user" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "email_verified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "token" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "ip_address" TEXT,
    "user_agent" TEXT,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "account" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "access_token" TEXT,
    "refresh_token" TEXT,
    "id_token" TEXT,
    "access_token_expires_at" TIMESTAMPTZ(3),
    "refresh_token_expires_at" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "organization" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'active',
    "markup_bp" INTEGER NOT NULL,
    "auth_version" BIGINT NOT NULL DEFAULT 1,
    "posting_sequence" BIGINT NOT NULL DEFAULT 0,
    "terms_version" TEXT,
    "terms_accepted_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "organization_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "member" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "member_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "project" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "project_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_key" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "created_by_id" TEXT,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "limit_nanousd" BIGINT,
    "disabled_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credit_grant" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "amount_nanousd" BIGINT NOT NULL,
    "reference" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "posted_at" TIMESTAMPTZ(3),
    "transaction_id" BIGINT,

    CONSTRAINT "credit_grant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cursor" (
    "name" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "cursor_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "catalog_model" (
    "id" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "context_tokens" INTEGER,
    "max_output_tokens" INTEGER,
    "capabilities" JSONB NOT NULL DEFAULT '{}',
    "aliases" TEXT[],
    "retired_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "catalog_model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "catalog_endpoint" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "provider_model" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "region" TEXT,
    "is_enabled" BOOLEAN NOT NULL DEFAULT true,
    "context_tokens" INTEGER,
    "max_output_tokens" INTEGER,
    "data_policy" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "catalog_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "price_version" (
    "id" BIGSERIAL NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "schedule" JSONB NOT NULL,
    "source" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "catalog_import" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "source_version" TEXT NOT NULL,
    "checksum" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "diff" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "applied_at" TIMESTAMPTZ(3),

    CONSTRAINT "catalog_import_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_account" (
    "id" BIGSERIAL NOT NULL,
    "organization_id" UUID,
    "currency" CHAR(3) NOT NULL DEFAULT 'USD',
    "kind" TEXT NOT NULL,

    CONSTRAINT "ledger_account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "journal_transaction" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "organization_id" UUID,
    "actor" TEXT NOT NULL,
    "description" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "journal_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_entry" (
    "transaction_id" BIGINT NOT NULL,
    "sequence" SMALLINT NOT NULL,
    "account_id" BIGINT NOT NULL,
    "amount_nanousd" BIGINT NOT NULL,

    CONSTRAINT "ledger_entry_pkey" PRIMARY KEY ("transaction_id","sequence")
);

-- CreateTable
CREATE TABLE "ledger_balance" (
    "account_id" BIGINT NOT NULL,
    "balance_nanousd" BIGINT NOT NULL,
    "last_transaction_id" BIGINT,

    CONSTRAINT "ledger_balance_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "usage_event" (
    "request_id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "price_version_id" BIGINT,
    "markup_bp" INTEGER NOT NULL,
    "lines" JSONB NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cached_input_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT NOT NULL,
    "cost_nanousd" BIGINT NOT NULL,
    "fee_nanousd" BIGINT NOT NULL,
    "charge_nanousd" BIGINT NOT NULL,
    "loss_nanousd" BIGINT NOT NULL,
    "usage_source" TEXT NOT NULL,
    "ending" TEXT NOT NULL,
    "gateway_boot" TEXT NOT NULL,
    "settled_at" TIMESTAMPTZ(3) NOT NULL,
    "posted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "posting_sequence" BIGINT NOT NULL,
    "transaction_id" BIGINT,

    CONSTRAINT "usage_event_pkey" PRIMARY KEY ("request_id")
) PARTITION BY RANGE ("request_id");

-- CreateTable
CREATE TABLE "request_log" (
    "request_id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "project_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "caller_request_id" TEXT,
    "dialect" TEXT NOT NULL,
    "requested_model" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "region" TEXT,
    "status" INTEGER NOT NULL,
    "error_code" TEXT,
    "ending" TEXT NOT NULL,
    "finish" TEXT,
    "usage_source" TEXT NOT NULL,
    "is_stream" BOOLEAN NOT NULL,
    "is_sandbox" BOOLEAN NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "first_token_ms" INTEGER,
    "gateway_ms" REAL,
    "input_characters" INTEGER NOT NULL,
    "message_count" INTEGER NOT NULL,
    "tool_count" INTEGER NOT NULL,
    "image_count" INTEGER NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cached_input_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT NOT NULL,
    "charge_nanousd" BIGINT NOT NULL,
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "attempts" JSONB NOT NULL,
    "losses" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "request_log_pkey" PRIMARY KEY ("request_id")
) PARTITION BY RANGE ("request_id");

-- CreateTable
CREATE TABLE "usage_rollup" (
    "organization_id" UUID NOT NULL,
    "hour" TIMESTAMPTZ(0) NOT NULL,
    "project_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "request_count" BIGINT NOT NULL,
    "error_count" BIGINT NOT NULL,
    "input_tokens" BIGINT NOT NULL,
    "cached_input_tokens" BIGINT NOT NULL,
    "output_tokens" BIGINT NOT NULL,
    "reasoning_tokens" BIGINT NOT NULL,
    "cost_nanousd" BIGINT NOT NULL,
    "charge_nanousd" BIGINT NOT NULL,
    "loss_nanousd" BIGINT NOT NULL,
    "duration_histogram" BIGINT[],
    "first_token_histogram" BIGINT[],

    CONSTRAINT "usage_rollup_pkey" PRIMARY KEY ("organization_id","hour","project_id","key_id","model","provider")
);

-- CreateTable
CREATE TABLE "budget_spend" (
    "organization_id" UUID NOT NULL,
    "scope" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "spent_nanousd" BIGINT NOT NULL,

    CONSTRAINT "budget_spend_pkey" PRIMARY KEY ("organization_id","scope","period")
);

-- CreateTable
CREATE TABLE "usage_dead_letter" (
    "id" BIGSERIAL NOT NULL,
    "request_id" TEXT,
    "payload" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_dead_letter_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "session_token_key" ON "session"("token");

-- CreateIndex
CREATE INDEX "session_user_id_idx" ON "session"("user_id");

-- CreateIndex
CREATE INDEX "account_user_id_idx" ON "account"("user_id");

-- CreateIndex
CREATE INDEX "verification_identifier_idx" ON "verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "organization_slug_key" ON "organization"("slug");

-- CreateIndex
CREATE INDEX "member_user_id_idx" ON "member"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "member_organization_id_user_id_key" ON "member"("organization_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "project_organization_id_name_key" ON "project"("organization_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "api_key_hash_key" ON "api_key"("hash");

-- CreateIndex
CREATE INDEX "api_key_organization_id_created_at_idx" ON "api_key"("organization_id", "created_at");

-- CreateIndex
CREATE INDEX "credit_grant_organization_id_idx" ON "credit_grant"("organization_id");

-- CreateIndex
CREATE UNIQUE INDEX "credit_grant_kind_reference_key" ON "credit_grant"("kind", "reference");

-- CreateIndex
CREATE INDEX "catalog_endpoint_model_id_idx" ON "catalog_endpoint"("model_id");

-- CreateIndex
CREATE UNIQUE INDEX "catalog_endpoint_provider_provider_model_region_key" ON "catalog_endpoint"("provider", "provider_model", "region");

-- CreateIndex
CREATE INDEX "price_version_endpoint_id_effective_from_idx" ON "price_version"("endpoint_id", "effective_from");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_account_organization_id_kind_currency_key" ON "ledger_account"("organization_id", "kind", "currency");

-- CreateIndex
CREATE UNIQUE INDEX "journal_transaction_idempotency_key_key" ON "journal_transaction"("idempotency_key");

-- CreateIndex
CREATE INDEX "journal_transaction_organization_id_id_idx" ON "journal_transaction"("organization_id", "id");

-- CreateIndex
CREATE INDEX "ledger_entry_account_id_transaction_id_idx" ON "ledger_entry"("account_id", "transaction_id");

-- CreateIndex
CREATE INDEX "usage_event_organization_id_request_id_idx" ON "usage_event"("organization_id", "request_id");

-- CreateIndex
CREATE INDEX "usage_event_transaction_id_idx" ON "usage_event"("transaction_id");

-- CreateIndex
CREATE INDEX "request_log_organization_id_request_id_idx" ON "request_log"("organization_id", "request_id" DESC);

-- CreateIndex
CREATE INDEX "request_log_organization_id_key_id_request_id_idx" ON "request_log"("organization_id", "key_id", "request_id" DESC);

-- CreateIndex
CREATE INDEX "request_log_organization_id_model_request_id_idx" ON "request_log"("organization_id", "model", "request_id" DESC);

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account" ADD CONSTRAINT "account_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "project" ADD CONSTRAINT "project_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "catalog_endpoint" ADD CONSTRAINT "catalog_endpoint_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "catalog_model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "catalog_endpoint"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "journal_transaction"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_entry" ADD CONSTRAINT "ledger_entry_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "ledger_account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_balance" ADD CONSTRAINT "ledger_balance_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "ledger_account"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_event" ADD CONSTRAINT "usage_event_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "journal_transaction"("id") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- What Prisma cannot say: partitions, checks, triggers. Each rule below is tested by trying to break it.

-- Request ids are UUIDv7: their first 48 bits are the millisecond, so a range of ids is a range of time.
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- usage_event by month (kept for ever), request_log by day (dropped after 90 days). Called by the migration and daily.
CREATE FUNCTION ensure_partitions(from_day date, days int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE d date; m date;
BEGIN
  FOR i IN 0..days LOOP
    d := from_day + i;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF request_log FOR VALUES FROM (%L) TO (%L)',
      'request_log_' || to_char(d, 'YYYYMMDD'), uuid_floor(d::timestamp AT TIME ZONE 'UTC'), uuid_floor((d + 1)::timestamp AT TIME ZONE 'UTC'));
    m := date_trunc('month', d)::date;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF usage_event FOR VALUES FROM (%L) TO (%L)',
      'usage_event_' || to_char(m, 'YYYYMM'), uuid_floor(m::timestamp AT TIME ZONE 'UTC'), uuid_floor((m + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
  END LOOP;
END $$;
-- A row outside every range is kept, never refused: money is worth more than tidiness.
CREATE TABLE usage_event_default PARTITION OF usage_event DEFAULT;
CREATE TABLE request_log_default PARTITION OF request_log DEFAULT;
SELECT ensure_partitions((now() AT TIME ZONE 'UTC')::date - 2, 40);

ALTER TABLE organization ADD CHECK (status IN ('active', 'suspended')), ADD CHECK (markup_bp BETWEEN 0 AND 100000);
ALTER TABLE member ADD CHECK (role IN ('owner', 'admin', 'developer', 'billing', 'viewer'));
ALTER TABLE api_key ADD CHECK (kind IN ('inference', 'management')), ADD CHECK (octet_length(hash) = 32), ADD CHECK (limit_nanousd IS NULL OR limit_nanousd >= 0);
CREATE UNIQUE INDEX project_one_default ON project (organization_id) WHERE is_default;

DROP INDEX ledger_account_organization_id_kind_currency_key;
CREATE UNIQUE INDEX ledger_account_organization_id_kind_currency_key ON ledger_account (organization_id, kind, currency) NULLS NOT DISTINCT;
ALTER TABLE ledger_account ADD CHECK (kind IN ('customer_credit', 'promo_credit', 'stripe_clearing', 'revenue', 'cogs', 'provider_payable',
  'platform_loss', 'promo_expense', 'dispute_hold', 'tax_payable')),
  ADD CHECK ((kind IN ('customer_credit', 'promo_credit', 'dispute_hold')) = (organization_id IS NOT NULL));
ALTER TABLE ledger_entry ADD CHECK (amount_nanousd <> 0);
INSERT INTO ledger_account (kind) VALUES ('stripe_clearing'), ('revenue'), ('cogs'), ('provider_payable'), ('platform_loss'), ('promo_expense'), ('tax_payable');

ALTER TABLE usage_event
  ADD CHECK (markup_bp BETWEEN 0 AND 100000),
  ADD CHECK (input_tokens BETWEEN 0 AND 100000000 AND output_tokens BETWEEN 0 AND 100000000),
  ADD CHECK (cached_input_tokens >= 0 AND reasoning_tokens >= 0),
  ADD CHECK (cost_nanousd >= 0 AND charge_nanousd >= 0 AND fee_nanousd >= 0 AND loss_nanousd >= 0),
  ADD CHECK (usage_source IN ('reported', 'counted', 'none')),
  ADD CHECK (ending IN ('finished', 'client_left', 'provider_died', 'refused', 'crashed', 'expired')),
  ADD CHECK (transaction_id IS NOT NULL OR (charge_nanousd = 0 AND cost_nanousd = 0 AND loss_nanousd = 0)),
  ADD CHECK (charge_nanousd = 0 OR price_version_id IS NOT NULL);
-- The row names its transaction before that is inserted: only the commit needs both.
ALTER TABLE usage_event ALTER CONSTRAINT usage_event_transaction_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE credit_grant ADD CHECK (kind IN ('trial', 'courtesy', 'sandbox')), ADD CHECK (amount_nanousd > 0);

CREATE FUNCTION raise_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME; END $$;
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER journal_transaction_append_only BEFORE UPDATE OR DELETE ON journal_transaction FOR EACH ROW EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER usage_event_append_only BEFORE UPDATE OR DELETE ON usage_event FOR EACH ROW EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER price_version_append_only BEFORE UPDATE OR DELETE ON price_version FOR EACH ROW EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry FOR EACH STATEMENT EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER journal_transaction_no_truncate BEFORE TRUNCATE ON journal_transaction FOR EACH STATEMENT EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER usage_event_no_truncate BEFORE TRUNCATE ON usage_event FOR EACH STATEMENT EXECUTE FUNCTION raise_append_only();

CREATE FUNCTION assert_transaction_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric;
BEGIN
  SELECT sum(amount_nanousd) INTO total FROM ledger_entry WHERE transaction_id = NEW.transaction_id;
  IF total <> 0 THEN RAISE EXCEPTION 'journal transaction % does not balance: %', NEW.transaction_id, total; END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION assert_transaction_sums_to_zero();

-- Histograms are arrays of counts; the longer one decides the length.
CREATE FUNCTION add_counts(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(coalesce(a[i], 0) + coalesce(b[i], 0) ORDER BY i)
  FROM generate_series(1, greatest(coalesce(array_length(a, 1), 0), coalesce(array_length(b, 1), 0))) i
$$;
