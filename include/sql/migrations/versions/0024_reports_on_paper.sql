-- A report as PDF, in each language, as it was set once. Reports of before have none.
CREATE TABLE retention.report_papers (
    report_id uuid  NOT NULL REFERENCES retention.reports ON DELETE CASCADE,
    language  text  NOT NULL CHECK (language IN ('de', 'en')),
    pdf       bytea NOT NULL,
    PRIMARY KEY (report_id, language)
);
