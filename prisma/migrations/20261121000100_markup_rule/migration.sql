-- Markup by organisation, model and provider, with dates. Null: any. Two rules of one subject never hold at the same time.
CREATE TABLE "markup_rule" (
    "id" BIGSERIAL NOT NULL,
    "organization_id" UUID,
    "model" TEXT,
    "provider" TEXT,
    "markup_bp" INTEGER NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "effective_to" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "markup_rule_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "markup_rule_organization_id_idx" ON "markup_rule"("organization_id");
ALTER TABLE "markup_rule" ADD CONSTRAINT "markup_rule_organization_id_fkey"
  FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE markup_rule
  ADD CHECK (markup_bp BETWEEN 0 AND 100000),
  ADD CHECK (model <> '' AND provider <> ''),
  ADD CHECK (effective_to IS NULL OR effective_to > effective_from);

-- A range of texts, so that gist compares texts without an extension: ranges of one point overlap where the texts are the same.
CREATE TYPE text_range AS RANGE (subtype = text);
ALTER TABLE markup_rule ADD CONSTRAINT markup_rule_no_overlap EXCLUDE USING gist (
  text_range(coalesce(organization_id::text, ''), coalesce(organization_id::text, ''), '[]') WITH &&,
  text_range(coalesce(model, ''), coalesce(model, ''), '[]') WITH &&,
  text_range(coalesce(provider, ''), coalesce(provider, ''), '[]') WITH &&,
  tstzrange(effective_from, effective_to) WITH &&);

-- What was charged under a rule must stay explainable: a rule is ended, never rewritten.
CREATE FUNCTION raise_markup_rule_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.id, NEW.organization_id, NEW.model, NEW.provider, NEW.markup_bp, NEW.effective_from)
      IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.model, OLD.provider, OLD.markup_bp, OLD.effective_from)
  THEN RAISE EXCEPTION 'a markup rule is ended with effective_to and replaced by another row'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER markup_rule_kept BEFORE UPDATE OR DELETE ON markup_rule FOR EACH ROW EXECUTE FUNCTION raise_markup_rule_kept();
