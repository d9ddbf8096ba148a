-- A canary that both parties' consents keep for a while: a recording of an invented customer's call, which is its own, so that they keep
-- no other. Returns its id.
WITH tenant AS (
    INSERT INTO public.tenants (tenant_id, name, created_at) VALUES ('canary-customer', 'Canary, invented', now())
    ON CONFLICT (tenant_id) DO NOTHING
),

contract AS (
    INSERT INTO public.contracts (contract_id, tenant_id, started_at)
    VALUES ('ca9a4100-0000-4000-8000-000000000001', 'canary-customer', now() - interval '365 days')
    ON CONFLICT (contract_id) DO NOTHING
),

caller AS (
    INSERT INTO public.callers (caller_id, tenant_id, name, last_called_at)
    VALUES ('ca9a4100-0000-4000-8000-000000000002', 'canary-customer', 'Canary, invented', %(start_at)s)
    ON CONFLICT (caller_id) DO UPDATE SET last_called_at = excluded.last_called_at
    RETURNING caller_id
),

call AS (
    INSERT INTO public.calls (call_id, tenant_id, caller_id, started_at, ended_at)
    SELECT gen_random_uuid(), 'canary-customer', caller.caller_id, %(start_at)s, %(start_at)s
    FROM caller
    RETURNING call_id
),

consent AS (
    INSERT INTO public.consents (consent_id, tenant_id, call_id, party, scope, given_at, recorded_at, ends_at)
    SELECT gen_random_uuid(), 'canary-customer', call.call_id, who.party, 'archiving', %(start_at)s, %(start_at)s, %(stays_until)s
    FROM call
    CROSS JOIN (VALUES ('caller'), ('customer')) AS who (party)
)

INSERT INTO public.recordings (recording_id, call_id, tenant_id, bucket, object_key, recorded_at, created_at, duration_s)
SELECT %(id)s, call.call_id, 'canary-customer', %(bucket)s, %(key)s, %(start_at)s, %(start_at)s, 60
FROM call
RETURNING recording_id
