select count(), sum(price) from ev where country='DE' and device='mobile'
