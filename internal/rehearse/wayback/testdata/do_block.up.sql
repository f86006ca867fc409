ALTER TABLE customers ADD COLUMN kind text;
DO $$ BEGIN UPDATE customers SET kind = name; END $$;
