-- What verification must know of each recording's row; one output row per recording. Written apart from recordings.sql.
-- Verification asks `WHERE bucket = … AND object_key = ANY (…)` around it: both must stay plain columns, so that the index helps.
SELECT
    rec.bucket,
    rec.object_key,
    rec.tenant_id,
    rec.recorded_at AS start_recording_started,
    CAST(rec.recording_id AS text) AS item_id,
    (
        SELECT CAST(call.caller_id AS text)
        FROM public.calls AS call
        WHERE call.call_id = rec.call_id
    ) AS person_id,
    -- Without its call nobody can tell whose recording it is.
    EXISTS (
        SELECT 1
        FROM public.calls AS call
        WHERE call.call_id = rec.call_id
    ) AS person_known,
    -- NULL where nobody can know: a row that names no call.
    CASE
        WHEN rec.call_id IS NOT NULL THEN EXISTS (
            SELECT 1
            FROM public.transcriptions AS done
            WHERE done.call_id = rec.call_id AND done.status = 'succeeded'
        )
    END AS happened_transcription_succeeded,
    (
        -- The first success; NULL where none says when it finished.
        SELECT done.finished_at
        FROM public.transcriptions AS done
        WHERE done.call_id = rec.call_id AND done.status = 'succeeded'
        ORDER BY done.finished_at ASC NULLS LAST
        LIMIT 1
    ) AS start_transcription_succeeded,
    -- What else says that the recording existed: its row, and the call that it is of.
    least(
        rec.created_at,
        (
            SELECT call.started_at
            FROM public.calls AS call
            WHERE call.call_id = rec.call_id
        )
    ) AS evidence_at
FROM public.recordings AS rec
