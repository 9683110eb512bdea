#include <libpq-fe.h>

#include <stdexcept>

#include <fmt/format.h>

#include "bench/simulator/sink.h"
#include "bench/simulator/table.h"

namespace footfall::simulator {

namespace {

class Connection {
  public:
    explicit Connection(const std::string& parameters) : handle_(PQconnectdb(parameters.c_str())) {
        if (PQstatus(handle_) != CONNECTION_OK) {
            const std::string reason = message();
            PQfinish(handle_);
            throw std::runtime_error(fmt::format("cannot connect: {}", reason));
        }
    }
    ~Connection() { PQfinish(handle_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    PGconn* handle() const { return handle_; }

    std::string message() const {
        std::string text = PQerrorMessage(handle_);
        while (!text.empty() && text.back() == '\n') {
            text.pop_back();
        }
        return text;
    }

    void execute(const std::string& sql, ExecStatusType expected) {
        PGresult* result = PQexec(handle_, sql.c_str());
        const ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status != expected && status != PGRES_TUPLES_OK) {
            throw std::runtime_error(message());
        }
    }

  private:
    PGconn* handle_;
};

class CopySink final : public Sink {
  public:
    CopySink(const std::string& parameters, const std::string& table) : connection_(parameters) {
        connection_.execute(fmt::format("COPY {} FROM STDIN (FORMAT binary)", quotedName(table)),
                            PGRES_COPY_IN);
    }

    void write(std::string_view bytes) override {
        if (PQputCopyData(connection_.handle(), bytes.data(), static_cast<int>(bytes.size())) !=
            1) {
            throw std::runtime_error(fmt::format("COPY failed: {}", connection_.message()));
        }
    }

    bool transactional() const override { return true; }

    void finish() override {
        if (PQputCopyEnd(connection_.handle(), nullptr) != 1) {
            throw std::runtime_error(fmt::format("COPY failed: {}", connection_.message()));
        }
        while (PGresult* result = PQgetResult(connection_.handle())) {
            const ExecStatusType status = PQresultStatus(result);
            PQclear(result);
            if (status != PGRES_COMMAND_OK) {
                throw std::runtime_error(fmt::format("COPY failed: {}", connection_.message()));
            }
        }
    }

  private:
    Connection connection_;
};

}  // namespace

std::unique_ptr<Sink> openCopySink(const std::string& connection, const std::string& table) {
    return std::make_unique<CopySink>(connection, table);
}

void executeSql(const std::string& connection, const std::string& sql) {
    Connection(connection).execute(sql, PGRES_COMMAND_OK);
}

}  // namespace footfall::simulator
