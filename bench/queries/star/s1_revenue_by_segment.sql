select c.segment, date_trunc('week', e.ts) w, count(*) n, sum(e.price*e.quantity) r from ev e join customer c on c.customer_id = e.customer_id where e.event_type='purchase' group by 1,2 order by 1,2;
