select lvl, count() from (select customer_id, windowFunnel(3600000000)(toUInt64(toUnixTimestamp64Micro(ts)), event_type='view', event_type='add_to_cart', event_type='checkout', event_type='purchase') lvl
from ev where event_type in ('view','add_to_cart','checkout','purchase') group by 1) group by 1 order by 1
