select sum(nprod), sum(days), count(), sum(n_events), sum(n_purch), sum(m), sum(recency) from (
select customer_id, count() n_events, countIf(event_type='purchase') n_purch, sumIf(price*quantity, event_type='purchase') m, (1769817600000000 - toUnixTimestamp64Micro(max(ts)))/1000000 recency, uniqExact(product_id) nprod, uniqExact(toStartOfDay(ts)) days from ev group by 1)
