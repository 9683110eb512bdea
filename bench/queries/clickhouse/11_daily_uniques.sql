select toStartOfDay(ts) d, uniqExact(customer_id) from ev group by 1 order by 1
