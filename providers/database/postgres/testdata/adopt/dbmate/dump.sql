CREATE TABLE public.a (
    id integer
);
CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);
INSERT INTO public.schema_migrations VALUES ('20240101000000');
INSERT INTO public.schema_migrations VALUES ('20240201000000');
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
CREATE INDEX a_id ON public.a USING btree (id);
