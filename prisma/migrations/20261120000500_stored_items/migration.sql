-- Clients may name single items of an earlier answer instead of the answer: the ids by which its items are found. Ids only, never their text.
ALTER TABLE "stored_response" ADD COLUMN "item_ids" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "stored_response" ADD CONSTRAINT "stored_response_item_ids_check" CHECK (cardinality("item_ids") <= 1000);
CREATE INDEX "stored_response_item_ids_idx" ON "stored_response" USING GIN ("item_ids");
