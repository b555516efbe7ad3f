-- When an organisation's auth version was raised last, whoever raised it: what the worker looks for to tell admission again.
ALTER TABLE "organization" ADD COLUMN "auth_changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
CREATE INDEX "organization_auth_changed_at_idx" ON "organization"("auth_changed_at");
CREATE FUNCTION note_auth_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.auth_changed_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER organization_auth_changed BEFORE UPDATE OF auth_version ON organization
  FOR EACH ROW WHEN (NEW.auth_version <> OLD.auth_version) EXECUTE FUNCTION note_auth_change();
