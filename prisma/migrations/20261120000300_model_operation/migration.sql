-- What a model is for: each operation has its own door and its own prices. Everything stored so far is a conversation.
ALTER TABLE "catalog_model" ADD COLUMN "operation" TEXT NOT NULL DEFAULT 'chat';
ALTER TABLE "catalog_endpoint" ADD COLUMN "operation" TEXT NOT NULL DEFAULT 'chat';
ALTER TABLE "catalog_model" ADD CONSTRAINT "catalog_model_operation_check"
  CHECK ("operation" IN ('chat', 'embeddings', 'rerank', 'image', 'speech', 'transcription', 'moderation', 'completions'));
ALTER TABLE "catalog_endpoint" ADD CONSTRAINT "catalog_endpoint_operation_check"
  CHECK ("operation" IN ('chat', 'embeddings', 'rerank', 'image', 'speech', 'transcription', 'moderation', 'completions'));
