DROP VIEW open_orders;
GRANT SELECT ON customers TO PUBLIC;
