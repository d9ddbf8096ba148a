-- Every consent with the recordings that it may keep, and every consent once more by itself (object_key NULL), so that it can
-- be read after its recording has gone. Verification asks `WHERE bucket = … AND object_key = ANY (…)` around it, or
-- `WHERE object_key IS NULL AND consent_id = ANY (…)`. Nothing is judged here: all parties, scopes and dates come out.
WITH given AS NOT MATERIALIZED (
    SELECT
        con.*,
        (
            -- A consent ends when the customer's contract does, unless another one goes on or takes over within a day. What is
            -- signed after such a gap revives no consent. Nor does a consent begin that was given after the last contract.
            -- A missing contract is unknown, and ends nothing.
            SELECT min(deal.ended_at)
            FROM public.contracts AS deal
            WHERE
                deal.tenant_id = con.tenant_id
                AND NOT EXISTS (
                    SELECT 1
                    FROM public.contracts AS heir
                    WHERE
                        heir.tenant_id = deal.tenant_id
                        AND coalesce(heir.ended_at > deal.ended_at, TRUE)
                        AND (deal.ended_at < con.given_at OR heir.started_at <= deal.ended_at + interval '24 hours')
                )
        ) AS contract_ended_at
    FROM public.consents AS con
)

SELECT
    rec.bucket,
    rec.object_key,
    CAST(given.consent_id AS text) AS consent_id,
    given.party,
    given.scope,
    given.given_at,
    given.recorded_at,
    given.ends_at,
    given.withdrawn_at,
    given.reviewed_at,
    given.contract_ended_at
FROM given
INNER JOIN public.recordings AS rec ON given.call_id = rec.call_id AND given.tenant_id = rec.tenant_id

UNION ALL

-- The customer's consent for all its calls. A caller's consent counts for its own call only.
SELECT
    rec.bucket,
    rec.object_key,
    CAST(given.consent_id AS text) AS consent_id,
    given.party,
    given.scope,
    given.given_at,
    given.recorded_at,
    given.ends_at,
    given.withdrawn_at,
    given.reviewed_at,
    given.contract_ended_at
FROM given
INNER JOIN public.recordings AS rec ON given.tenant_id = rec.tenant_id
WHERE given.call_id IS NULL AND given.party = 'customer'

UNION ALL

SELECT
    CAST(NULL AS text) AS bucket,
    CAST(NULL AS text) AS object_key,
    CAST(given.consent_id AS text) AS consent_id,
    given.party,
    given.scope,
    given.given_at,
    given.recorded_at,
    given.ends_at,
    -- By itself a consent can't show the party's other records: a withdrawal on one of them is given here.
    least(given.withdrawn_at, (
        SELECT min(other.withdrawn_at)
        FROM public.consents AS other
        WHERE
            other.tenant_id = given.tenant_id
            AND other.party = given.party
            AND other.scope = given.scope
            AND other.withdrawn_at >= given.given_at
            AND (
                other.call_id = given.call_id
                OR (other.call_id IS NULL AND (given.call_id IS NULL OR given.party = 'customer'))
            )
    )) AS withdrawn_at,
    given.reviewed_at,
    given.contract_ended_at
FROM given
