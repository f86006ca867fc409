CREATE SCHEMA atlas_schema_revisions;
CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (
    version character varying NOT NULL,
    description character varying NOT NULL,
    type bigint DEFAULT 2 NOT NULL,
    applied bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    executed_at timestamp with time zone NOT NULL,
    execution_time bigint NOT NULL,
    error text,
    error_stmt text,
    hash character varying NOT NULL,
    partial_hashes jsonb,
    operator_version character varying NOT NULL
);
INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('.atlas_cloud_identifier', '7a2f', 2, 0, 0, '2026-01-01 10:00:00+00', 0, '', '', '', NULL, 'Atlas CLI v1.2.3');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('20240101000000', 'first', 2, 1, 1, '2026-01-01 10:00:00+00', 5, '', '', '0IBM1Tx3fZKevkpLUKNnudQnAylJvOfLTfdUepXU3fI=', NULL, 'Atlas CLI v1.2.3');
INSERT INTO atlas_schema_revisions.atlas_schema_revisions VALUES ('20240102000000', '', 2, 1, 1, '2026-01-02 10:00:00+00', 5, '', '', 'JgO7OIPjErYFDDpA+1WyBijJ7plp9vXeRBfQ1wTmjKU=', NULL, 'Atlas CLI v1.2.3');
ALTER TABLE ONLY atlas_schema_revisions.atlas_schema_revisions
    ADD CONSTRAINT atlas_schema_revisions_pkey PRIMARY KEY (version);
CREATE TABLE public.at (id integer);
CREATE INDEX at_id ON public.at (id);
