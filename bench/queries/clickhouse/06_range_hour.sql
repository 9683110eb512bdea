select event_type, count(), sum(price) from ev where ts >= toDateTime64('2026-01-17 18:00:00',6,'UTC') and ts < toDateTime64('2026-01-17 19:00:00',6,'UTC') group by 1 order by 1
