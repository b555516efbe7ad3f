-- What was held for a request when it ended: a charge above it is a breach of the hold, and explains a balance below zero.
ALTER TABLE "usage_event" ADD COLUMN "held_nanousd" BIGINT;
ALTER TABLE usage_event ADD CHECK (held_nanousd >= 0);

-- A settlement that came after its request had been posted as expired stands under the request's id with UUID version 8. Its loss is
-- the difference to what was estimated for the expired one, so it may be negative; every other loss still may not.
DO $$
DECLARE name text;
BEGIN
  SELECT conname INTO STRICT name FROM pg_constraint
    WHERE conrelid = 'usage_event'::regclass AND pg_get_constraintdef(oid) LIKE '%fee_nanousd >= 0%';
  EXECUTE format('ALTER TABLE usage_event DROP CONSTRAINT %I', name);
END $$;
ALTER TABLE usage_event
  ADD CHECK (cost_nanousd >= 0 AND charge_nanousd >= 0 AND fee_nanousd >= 0),
  ADD CHECK (loss_nanousd >= 0 OR substr(request_id::text, 15, 1) = '8');

-- A dead letter is one event, however often it is delivered. Those that were kept twice keep their first row.
ALTER TABLE "usage_dead_letter" ADD COLUMN "resolved_at" TIMESTAMPTZ(3);
DELETE FROM usage_dead_letter again USING usage_dead_letter first
  WHERE again.id > first.id AND md5(again.payload) = md5(first.payload);
CREATE UNIQUE INDEX usage_dead_letter_once ON usage_dead_letter (md5(payload));
CREATE INDEX usage_dead_letter_open ON usage_dead_letter (id) WHERE resolved_at IS NULL;
