select e.event_type, count(*) n, sum(e.price) s from ev e join customer c on c.customer_id = e.customer_id where c.segment='vip' and c.signup >= date '2025-12-01' group by 1 order by 1;
