-- Limits as data: budgets, request and token rates, concurrency, of an organisation, a project, a key or a member, of one model or of all.
CREATE TABLE "limit_rule" (
    "id" UUID NOT NULL,
    "organization_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "model" TEXT,
    "measure" TEXT NOT NULL,
    "time_window" TEXT,
    "amount" BIGINT NOT NULL,
    "counts_from" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "limit_rule_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "limit_rule_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "limit_rule_subject_check" CHECK ("subject" IN ('organization', 'project', 'key', 'member')),
    -- A window that is missing would make a CHECK of equalities unknown, which passes: it is compared as text instead.
    CONSTRAINT "limit_rule_window_check" CHECK (CASE "measure"
      WHEN 'budget' THEN coalesce("time_window", '') IN ('day', 'week', 'month', 'lifetime')
      WHEN 'requests' THEN coalesce("time_window", '') IN ('minute', 'hour', 'day')
      WHEN 'tokens' THEN coalesce("time_window", '') IN ('minute', 'hour', 'day')
      WHEN 'concurrency' THEN "time_window" IS NULL
      ELSE false END),
    CONSTRAINT "limit_rule_amount_check" CHECK ("amount" >= 0),
    CONSTRAINT "limit_rule_counts_from_check" CHECK (("measure" = 'budget') = ("counts_from" IS NOT NULL))
);
-- One rule per combination; "every model" is a combination too.
CREATE UNIQUE INDEX "limit_rule_once" ON "limit_rule"("organization_id", "subject", "subject_id", "model", "measure", "time_window") NULLS NOT DISTINCT;

-- The instant inside a UUIDv7: the other way round than uuid_floor.
CREATE FUNCTION uuid_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT to_timestamp(('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)
$$;
-- The name of the budget period an instant lies in, in UTC; weeks are those of ISO 8601. The same as periodOf in packages/access.
CREATE FUNCTION budget_period(time_window text, at timestamptz) RETURNS text LANGUAGE sql STABLE STRICT AS $$
  SELECT CASE time_window
    WHEN 'day' THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
    WHEN 'week' THEN to_char(at AT TIME ZONE 'UTC', 'IYYY"-W"IW')
    WHEN 'month' THEN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM')
    WHEN 'lifetime' THEN 'lifetime' END
$$;
