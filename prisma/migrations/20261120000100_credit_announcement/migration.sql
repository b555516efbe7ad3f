-- A credit in the ledger that admission has still to be told: written in the posting transaction, deleted when told.
-- The posting sequence says which loaded balances contain it already.
CREATE TABLE "credit_announcement" (
    "idempotency_key" TEXT NOT NULL,
    "organization_id" UUID NOT NULL,
    "amount_nanousd" BIGINT NOT NULL,
    "posting_sequence" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credit_announcement_pkey" PRIMARY KEY ("idempotency_key")
);
