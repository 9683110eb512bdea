select toStartOfHour(ts) h, event_type, count() n, sum(price*quantity) r from ev group by 1,2 order by 1,2
