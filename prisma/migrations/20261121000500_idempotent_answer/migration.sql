-- What a request with an Idempotency-Key came to, for a day: who asks again with the same key and body gets it, and pays nothing. The answer is encrypted
-- under a key made of the caller's own two secrets, so that nobody who reads the database reads it. No answer: it was too long, or its project keeps nothing.
CREATE TABLE "idempotent_answer" (
  "key_hash" TEXT NOT NULL,
  "organization_id" UUID NOT NULL,
  "project_id" UUID NOT NULL,
  "request_id" UUID NOT NULL,
  "body_hash" TEXT NOT NULL,
  "charge_nanousd" BIGINT NOT NULL,
  "answer" BYTEA,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "idempotent_answer_pkey" PRIMARY KEY ("key_hash"),
  CONSTRAINT "idempotent_answer_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "idempotent_answer_hashes_check" CHECK ("key_hash" ~ '^[A-Za-z0-9_-]{43}$' AND "body_hash" ~ '^[A-Za-z0-9_-]{43}$'),
  CONSTRAINT "idempotent_answer_charge_check" CHECK ("charge_nanousd" >= 0),
  CONSTRAINT "idempotent_answer_answer_check" CHECK (octet_length("answer") BETWEEN 29 AND 300000),
  CONSTRAINT "idempotent_answer_expiry_check" CHECK ("expires_at" > "created_at")
);
CREATE INDEX "idempotent_answer_expires_at_idx" ON "idempotent_answer"("expires_at");
CREATE INDEX "idempotent_answer_project_id_idx" ON "idempotent_answer"("project_id");
