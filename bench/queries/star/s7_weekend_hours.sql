select d.weekend, extract(hour from e.ts) h, count(*) n from ev e join calendar d on d.day = cast(e.ts as date) group by 1,2 order by 1,2;
