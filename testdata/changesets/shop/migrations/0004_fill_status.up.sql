UPDATE orders SET status = CASE state WHEN 'paid' THEN 1 ELSE 0 END WHERE status IS NULL;
