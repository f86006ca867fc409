CREATE TABLE public.flyway_schema_history (
    installed_rank integer NOT NULL,
    version character varying(50),
    description character varying(200) NOT NULL,
    type character varying(20) NOT NULL,
    script character varying(1000) NOT NULL,
    checksum integer,
    installed_by character varying(100) NOT NULL,
    installed_on timestamp without time zone DEFAULT now() NOT NULL,
    execution_time integer NOT NULL,
    success boolean NOT NULL
);
INSERT INTO public.flyway_schema_history VALUES (1, '1', 'create f', 'SQL', 'V1__create_f.sql', -829279812, 'app', '2026-01-01 10:00:00', 5, true);
INSERT INTO public.flyway_schema_history VALUES (2, '1.1', 'add name', 'SQL', 'V1.1__add_name.sql', 548291455, 'app', '2026-01-02 10:00:00', 5, true);
INSERT INTO public.flyway_schema_history VALUES (3, '1.10', 'index', 'SQL', 'V1.10__index.sql', 425131443, 'app', '2026-01-03 10:00:00', 5, true);
INSERT INTO public.flyway_schema_history VALUES (4, NULL, 'views', 'SQL', 'R__views.sql', -763800003, 'app', '2026-01-04 10:00:00', 5, true);
ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);
CREATE TABLE public.f (id integer, name text);
CREATE INDEX f_id ON public.f (id);
