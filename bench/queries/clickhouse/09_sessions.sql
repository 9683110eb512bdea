select device, sum(st) sessions, count()/sum(st) events_per_session from (select device, if(us - lagInFrame(us, 1, 0) over (partition by customer_id order by us) <= 1800000000, 0, 1) st
from (select customer_id, device, toUnixTimestamp64Micro(ts) us from ev)) group by 1 order by 1
