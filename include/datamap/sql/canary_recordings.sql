-- A canary: a recording of an invented customer's only call, whose caller and contract stay. Returns its id.
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
    SELECT 'ca9a4100-0000-4000-8000-000000000003', 'canary-customer', caller.caller_id, %(start_at)s, %(start_at)s
    FROM caller
    ON CONFLICT (call_id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at
    RETURNING call_id
)

INSERT INTO public.recordings (recording_id, call_id, tenant_id, bucket, object_key, recorded_at, created_at, duration_s)
SELECT %(id)s, call.call_id, 'canary-customer', %(bucket)s, %(key)s, %(start_at)s, %(start_at)s, 60
FROM call
RETURNING recording_id
