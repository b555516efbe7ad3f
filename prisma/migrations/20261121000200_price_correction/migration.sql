-- A price that was wrong for an interval, and what was posted for each request because of it. Requests themselves are never edited.
CREATE TABLE "price_correction" (
    "id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "schedule" JSONB NOT NULL,
    "reason" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "position" UUID,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "price_correction_pkey" PRIMARY KEY ("id")
);
ALTER TABLE price_correction ADD CHECK (to_at > from_at), ADD CHECK (id ~ '^[a-z0-9][a-z0-9._-]{0,79}$');

CREATE TABLE "usage_correction" (
    "request_id" UUID NOT NULL,
    "correction_id" TEXT NOT NULL,
    "organization_id" UUID NOT NULL,
    "key_id" UUID NOT NULL,
    "lines" JSONB NOT NULL,
    "markup_bp" INTEGER NOT NULL,
    "fee_nanousd" BIGINT NOT NULL,
    "old_cost_nanousd" BIGINT NOT NULL,
    "old_charge_nanousd" BIGINT NOT NULL,
    "new_cost_nanousd" BIGINT NOT NULL,
    "new_charge_nanousd" BIGINT NOT NULL,
    "posting_sequence" BIGINT NOT NULL,
    "transaction_id" BIGINT NOT NULL,
    "posted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_correction_pkey" PRIMARY KEY ("request_id", "correction_id")
);
CREATE INDEX "usage_correction_organization_id_request_id_idx" ON "usage_correction"("organization_id", "request_id");
CREATE INDEX "usage_correction_transaction_id_idx" ON "usage_correction"("transaction_id");
ALTER TABLE "usage_correction" ADD CONSTRAINT "usage_correction_request_id_fkey"
  FOREIGN KEY ("request_id") REFERENCES "usage_event"("request_id") ON DELETE NO ACTION ON UPDATE NO ACTION;
ALTER TABLE "usage_correction" ADD CONSTRAINT "usage_correction_correction_id_fkey"
  FOREIGN KEY ("correction_id") REFERENCES "price_correction"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- The row names its transaction before that is inserted: only the commit needs both.
ALTER TABLE "usage_correction" ADD CONSTRAINT "usage_correction_transaction_id_fkey"
  FOREIGN KEY ("transaction_id") REFERENCES "journal_transaction"("id") ON DELETE NO ACTION ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE usage_correction
  ADD CHECK (markup_bp BETWEEN 0 AND 100000),
  ADD CHECK (fee_nanousd >= 0 AND old_cost_nanousd >= 0 AND old_charge_nanousd >= 0 AND new_cost_nanousd >= 0 AND new_charge_nanousd >= 0),
  ADD CHECK (old_cost_nanousd <> new_cost_nanousd OR old_charge_nanousd <> new_charge_nanousd);
CREATE TRIGGER usage_correction_append_only BEFORE UPDATE OR DELETE ON usage_correction FOR EACH ROW EXECUTE FUNCTION raise_append_only();
CREATE TRIGGER usage_correction_no_truncate BEFORE TRUNCATE ON usage_correction FOR EACH STATEMENT EXECUTE FUNCTION raise_append_only();
