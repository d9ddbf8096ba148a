-- A canary of an invented customer whose contract has ended: a transcript with all that belongs to one, its call and caller. Returns its id.
WITH tenant AS (
    INSERT INTO public.tenants (tenant_id, name, created_at) VALUES ('canary', 'Canary, invented', now())
    ON CONFLICT (tenant_id) DO NOTHING
),

contract AS (
    INSERT INTO public.contracts (contract_id, tenant_id, started_at, ended_at)
    VALUES ('ca9a4100-0000-4000-8000-000000000000', 'canary', %(start_at)s - interval '365 days', %(start_at)s)
    ON CONFLICT (contract_id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at
),

caller AS (
    INSERT INTO public.callers (caller_id, tenant_id, name, last_called_at)
    VALUES (gen_random_uuid(), 'canary', 'Canary, invented', %(start_at)s - interval '1 hour')
    RETURNING caller_id
),

call AS (
    INSERT INTO public.calls (call_id, tenant_id, caller_id, started_at, ended_at)
    SELECT gen_random_uuid(), 'canary', caller.caller_id, %(start_at)s - interval '1 hour', %(start_at)s - interval '1 hour'
    FROM caller
    RETURNING call_id
),

segment AS (
    INSERT INTO public.transcript_segments (segment_id, transcript_id, position, speaker, body)
    VALUES (gen_random_uuid(), %(id)s, 1, 'agent', 'A canary, invented')
    RETURNING segment_id
),

embedding AS (
    INSERT INTO public.transcript_embeddings (embedding_id, segment_id, model, vector)
    SELECT gen_random_uuid(), segment.segment_id, 'canary', '{0}'
    FROM segment
),

summary AS (
    INSERT INTO public.transcript_summaries (summary_id, transcript_id, body)
    VALUES (gen_random_uuid(), %(id)s, 'A canary, invented')
),

message AS (
    INSERT INTO public.chat_messages (message_id, transcript_id, sent_at, author, body)
    VALUES (gen_random_uuid(), %(id)s, %(start_at)s, 'assistant', 'A canary, invented')
)

INSERT INTO public.transcripts (transcript_id, call_id, tenant_id, created_at, language, body)
SELECT %(id)s, call.call_id, 'canary', %(start_at)s - interval '1 hour', 'en', 'A canary, invented'
FROM call
RETURNING transcript_id
