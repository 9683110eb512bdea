#include "bench/simulator/star_schema.h"

#include <cmath>

#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

StarSchema::StarSchema(const OpenStream& open)
    : orders_(open(ordersTable())),
      customers_(open(customersTable())),
      products_(open(productsTable())),
      payments_(open(paymentsTable())),
      churnTruth_(open(churnTruthTable())) {}

void StarSchema::writePayment(const Payment& payment) {
    RowEncoder& row = payments_->begin();
    row.int64(payment.id);
    row.int64(payment.orderId);
    row.int64(payment.customerId);
    row.int16(payment.attempt);
    row.timestamp(payment.millis);
    row.text(paymentMethodName(payment.method));
    row.cents(payment.amountCents);
    row.text(payment.failureReason.empty() ? "succeeded" : "failed");
    row.textOrNull(payment.failureReason);
    payments_->end();
}

void StarSchema::writeOrder(const Order& order, const Catalog& catalog) {
    for (int index = 0; index < order.lineCount; ++index) {
        const OrderLine& line = order.lines[static_cast<size_t>(index)];
        const Product& product = catalog.product(line.product);
        const bool returned = line.returned && order.refundedMillis != 0;
        RowEncoder& row = orders_->begin();
        row.int64(order.id);
        row.int16(static_cast<int16_t>(index + 1));
        row.int64(order.customer + 1);
        row.int32(product.id);
        row.int64(order.paymentId);
        row.int64(order.sessionId);
        row.timestamp(order.orderedMillis);
        row.int16(line.quantity);
        row.cents(line.priceCents);
        row.cents((product.priceCents - line.priceCents) * line.quantity);
        row.cents(line.amountCents());
        row.text(orderStatusName(returned ? OrderStatus::returned : order.status));
        row.timestampOrNull(order.shippedMillis);
        row.timestampOrNull(order.deliveredMillis);
        row.timestampOrNull(order.cancelledMillis);
        row.timestampOrNull(
            returned || order.status == OrderStatus::cancelled ? order.refundedMillis : 0);
        row.cents(returned || (order.status == OrderStatus::cancelled && order.refundedMillis != 0)
                      ? line.amountCents()
                      : 0);
        orders_->end();
    }
}

void StarSchema::writeCustomers(const Customers& customers, int64_t endMillis) {
    for (uint32_t index = 0; index < customers.size(); ++index) {
        const Customer& customer = customers[index];
        if (customer.registeredMillis > endMillis) {
            continue;
        }
        RowEncoder& row = customers_->begin();
        row.int64(index + 1);
        row.timestamp(customer.registeredMillis);
        row.text(countryName(customer.country));
        row.int16(static_cast<int16_t>(customer.birthYear));
        row.text(channelName(customer.channel));
        row.text(deviceName(customer.device));
        row.text(paymentMethodName(customer.method));
        row.boolean(customer.newsletter);
        customers_->end();
    }
}

void StarSchema::writeProducts(const Catalog& catalog) {
    for (const Product& product : catalog.products()) {
        RowEncoder& row = products_->begin();
        row.int32(product.id);
        row.text(product.name);
        row.text(categories()[static_cast<size_t>(product.category)].name);
        row.text(product.brand);
        row.cents(product.priceCents);
        row.cents(product.costCents);
        row.date(product.launchedDay);
        products_->end();
    }
}

void StarSchema::writeChurnTruth(const Customers& customers, const Calendar& calendar,
                                 const ChurnTruth& truth, int64_t endMillis) {
    const int64_t cutoff = calendar.startMillis() + truth.cutoffDay() * kMillisPerDay;
    const int64_t horizonEnd = cutoff + truth.horizonDays() * kMillisPerDay;
    for (uint32_t index = 0; index < customers.size(); ++index) {
        const Customer& customer = customers[index];
        if (!truth.applies(customer)) {
            continue;
        }
        RowEncoder& row = churnTruth_->begin();
        row.int64(index + 1);
        row.timestamp(cutoff);
        row.int32(truth.horizonDays());
        row.text(personaName(customer.persona));
        row.float8(customer.satisfaction);
        row.float8(customer.visitRate);
        row.float8(customer.fadeHazard);
        row.boolean(truth.fading(customer));
        row.float8(truth.probability(customer));
        if (horizonEnd > endMillis) {
            row.null();
        } else {
            row.boolean(customer.visitsAfterCutoff == 0);
        }
        churnTruth_->end();
    }
}

void StarSchema::commit() {
    for (RowStream* stream : {orders_.get(), payments_.get()}) {
        stream->commit();
    }
}

void StarSchema::finish() {
    for (RowStream* stream :
         {orders_.get(), customers_.get(), products_.get(), payments_.get(), churnTruth_.get()}) {
        stream->finish();
    }
}

}  // namespace footfall::simulator
