CREATE TABLE public.databasechangelog (
    id character varying(255) NOT NULL,
    author character varying(255) NOT NULL,
    filename character varying(255) NOT NULL,
    dateexecuted timestamp without time zone NOT NULL,
    orderexecuted integer NOT NULL,
    exectype character varying(10) NOT NULL,
    md5sum character varying(35),
    description character varying(255),
    comments character varying(255),
    tag character varying(255),
    liquibase character varying(20),
    contexts character varying(255),
    labels character varying(255),
    deployment_id character varying(10)
);
CREATE TABLE public.databasechangeloglock (
    id integer NOT NULL,
    locked boolean NOT NULL,
    lockgranted timestamp without time zone,
    lockedby character varying(255)
);
CREATE TABLE public.l (
    id integer,
    name text,
    n integer
);
INSERT INTO public.databasechangelog VALUES ('1', 'alice', 'a.sql', '2026-11-21 15:05:54.950292', 1, 'EXECUTED', '9:acea5edac2d91847b6ef070df5c9bd4a', 'sql', 'first one', NULL, '4.28.0', NULL, NULL, '5273554892');
INSERT INTO public.databasechangelog VALUES ('add-col', 'bob', 'a.sql', '2026-11-21 15:05:54.967951', 2, 'EXECUTED', '9:a14d83538ae0dd2722b0c07b12464512', 'sql', '', NULL, '4.28.0', NULL, NULL, '5273554892');
INSERT INTO public.databasechangeloglock VALUES (1, false, NULL, NULL);
INSERT INTO public.l VALUES (1, 'x  y', NULL);
ALTER TABLE ONLY public.databasechangeloglock
    ADD CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (id);
