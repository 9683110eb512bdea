select e.country, count(*) n, sum(e.price*e.quantity) r from ev e where e.event_type='purchase' and e.customer_id in (select customer_id from customer where segment='lapsed') group by 1 order by 1;
