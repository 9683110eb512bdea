select count(), sum(price*quantity), avg(price*quantity), uniqExact(customer_id) from ev where event_type='purchase'
