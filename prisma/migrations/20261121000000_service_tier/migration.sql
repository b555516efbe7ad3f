-- The service tier a request was priced by; null is the standard one, which everything so far was.
ALTER TABLE "usage_event" ADD COLUMN "service_tier" TEXT;
