select product_id, sum(price*quantity) r from ev where event_type='purchase' and ts >= toDateTime64('2026-01-22 00:00:00',6,'UTC') group by 1 order by 2 desc, 1 limit 10
