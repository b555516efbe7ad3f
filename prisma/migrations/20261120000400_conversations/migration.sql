-- What a project keeps of its conversations. Nothing is stored unless a project turns it on; the short-lived reasoning vault is on unless turned off.
ALTER TABLE "project" ADD COLUMN "stores_responses" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "project" ADD COLUMN "keeps_reasoning" BOOLEAN NOT NULL DEFAULT true;

-- One turn of the Responses API, encrypted by the gateway before it comes here: no text of a tenant is readable in the database.
CREATE TABLE "stored_response" (
  "id" TEXT NOT NULL,
  "organization_id" UUID NOT NULL,
  "project_id" UUID NOT NULL,
  "payload" BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "stored_response_pkey" PRIMARY KEY ("organization_id", "id"),
  CONSTRAINT "stored_response_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "project"("id") ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT "stored_response_payload_check" CHECK (octet_length("payload") BETWEEN 29 AND 67108864),
  CONSTRAINT "stored_response_expiry_check" CHECK ("expires_at" > "created_at")
);
CREATE INDEX "stored_response_expires_at_idx" ON "stored_response"("expires_at");
CREATE INDEX "stored_response_project_id_idx" ON "stored_response"("project_id");
