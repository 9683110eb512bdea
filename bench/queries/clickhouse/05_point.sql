select ts, event_type, product_id, price from ev where customer_id=123457 order by ts
