-- Facts of call recordings, one row per recording. Columns are fixed: docs/data-map.md.
SELECT
    r.recording_id::text AS item_id,
    r.bucket,
    r.object_key,
    r.tenant_id,
    k.caller_id::text AS person_id,
    -- A call without a caller has none; a recording without its call could be anybody's.
    k.call_id IS NOT NULL AS person_known,
    r.recorded_at AS start_recording_started,
    t.finished_at AS start_transcription_succeeded,
    coalesce(t.succeeded, FALSE) AS happened_transcription_succeeded,
    least(r.created_at, k.started_at) AS evidence_at
FROM public.recordings AS r
LEFT JOIN public.calls AS k ON r.call_id = k.call_id
LEFT JOIN LATERAL (
    -- The first success counts: from then on the recording is no longer needed.
    SELECT
        min(s.finished_at) AS finished_at,
        TRUE AS succeeded
    FROM public.transcriptions AS s
    WHERE s.call_id = r.call_id AND s.status = 'succeeded'
    HAVING count(*) > 0
) AS t ON TRUE
