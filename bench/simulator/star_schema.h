// The star schema around the event log: orders_fact (one row an order line), customers_dim,
// products_dim, payments_dim (one row an attempt), and churn_truth beside them.
//
// Payments are written as they happen; an order's lines when nothing more will happen to it, or at
// the end as they then stand. Every key that is written refers to a row that is written.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "bench/simulator/catalog.h"
#include "bench/simulator/churn.h"
#include "bench/simulator/customer.h"
#include "bench/simulator/order.h"
#include "bench/simulator/row_stream.h"

namespace footfall::simulator {

class StarSchema {
  public:
    using OpenStream = std::function<std::unique_ptr<RowStream>(const Table&)>;

    explicit StarSchema(const OpenStream& open);

    void writePayment(const Payment& payment);
    void writeOrder(const Order& order, const Catalog& catalog);
    // Customers who had registered by the end of the log.
    void writeCustomers(const Customers& customers, int64_t endMillis);
    void writeProducts(const Catalog& catalog);
    // `endMillis` is the log's end: what churned is known only when the horizon lies within it.
    void writeChurnTruth(const Customers& customers, const Calendar& calendar,
                         const ChurnTruth& truth, int64_t endMillis);
    void commit();
    void finish();

  private:
    std::unique_ptr<RowStream> orders_;
    std::unique_ptr<RowStream> customers_;
    std::unique_ptr<RowStream> products_;
    std::unique_ptr<RowStream> payments_;
    std::unique_ptr<RowStream> churnTruth_;
};

}  // namespace footfall::simulator
