-- A canary of an invented customer whose contract has ended: a lead. Returns its id.
WITH tenant AS (
    INSERT INTO public.tenants (tenant_id, name, created_at) VALUES ('canary', 'Canary, invented', now())
    ON CONFLICT (tenant_id) DO NOTHING
),

contract AS (
    INSERT INTO public.contracts (contract_id, tenant_id, started_at, ended_at)
    VALUES ('ca9a4100-0000-4000-8000-000000000000', 'canary', %(start_at)s - interval '365 days', %(start_at)s)
    ON CONFLICT (contract_id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at
)

INSERT INTO public.crm_leads (lead_id, tenant_id, name, created_at)
VALUES (%(number)s, 'canary', 'Canary, invented', %(start_at)s - interval '1 hour')
RETURNING lead_id
